"""What every stage stands on: problems with a remedy, the cache, what is shown, the door to other programs."""
