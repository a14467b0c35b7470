/* The Python of a frozen program: what its sys.executable names.
 *
 * ARCHIVE_PYTHON is a file of the read-only tree. Executing it starts this very program again, which sees by its first
 * word that it is not to serve but to do what a python would do with the others: -c, -m, a file. So
 * subprocess.run([sys.executable, "-m", "shop.job"]) and multiprocessing work as they do elsewhere, with the modules that
 * are frozen in, and no word that a person gives to the program can be taken for one of these. */
#ifndef FROZEN_PYTHON_H
#define FROZEN_PYTHON_H

#include "archive.h"

#define ARCHIVE_PYTHON ARCHIVE_ROOT "/bin/python"

#endif
