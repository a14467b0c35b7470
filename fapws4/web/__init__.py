"""What the device's own pages (fapws4.recovery) and the console (fapws4.console) have in common.

`guard`: who may ask. `style`: how it looks. `update`: what is uploaded is told to the updater.
"""
