"""The compiler that the build of a package is given. Not imported by the builder; programs that compiler.py makes start it.

Arguments: the device's compiler, the program's own name (cc or c++), then what the build says. All goes to the device's
compiler, less what is about the machine that builds, except for shared libraries, which a static program could not load:
of what belongs into one it makes a single relocatable object, to be linked into a program. The libraries that it asks for
stand in a section of it (.fapws4), which no program gets.

FAPWS4_TREE is the folder of the sources, whose own static libraries count as objects; FAPWS4_FLAGS come first at every
compilation; FAPWS4_LIBRARIES are folders with the headers and libraries of the device, looked into after the sources' own.
"""

from __future__ import annotations

import os
import subprocess
import sys

# Of the machine that builds: its headers and libraries, its processor, and what only a shared library has.
FOREIGN = ("-I/usr/", "-L/usr/", "-L/lib", "-march=native", "-mtune=native", "-mcpu=native", "-g", "-Wl,", "-R")
DROPPED = ("-shared", "-rdynamic", "-pthread", "-s", "-static-libgcc", "-static-libstdc++", "-fvisibility=default")
TAKES_A_WORD = ("-Xlinker", "-z", "-u", "-rpath", "-soname", "-L", "-l")
NO_UNWINDING = ("-fno-asynchronous-unwind-tables", "-fno-unwind-tables")
CPP = (".cc", ".cpp", ".cxx", ".c++", ".C")
SECTION = '.section .fapws4,"e",%progbits\n'


def main() -> int:
    compiler, name, *words = sys.argv[1:]
    if "-shared" in words:
        return link_relocatable(compiler, words, name == "c++")
    kept = [word for word in words if not word.startswith(FOREIGN)]
    offered = [f"-I{prefix}/include" for prefix in os.environ["FAPWS4_LIBRARIES"].split()]
    offered += [f"-L{prefix}/lib" for prefix in os.environ["FAPWS4_LIBRARIES"].split()]
    cpp = name == "c++" or any(word.endswith(CPP) for word in kept)
    flags = [*os.environ["FAPWS4_FLAGS"].split(), *([] if cpp else NO_UNWINDING)]
    front = os.path.join(os.path.dirname(compiler), "c++") if cpp else compiler
    return subprocess.call([front, *flags, *kept, *offered, "-g0"])


def link_relocatable(compiler: str, words: list[str], cpp: bool) -> int:
    """Make one object of what a shared library would be made of."""
    inputs, libraries, folders = sorted_out(words)
    own = {name: archive for name in libraries if (archive := of_the_sources(name, folders))}
    asked = f"{words[words.index('-o') + 1]}.libraries.S"
    os.makedirs(os.path.dirname(asked) or ".", exist_ok=True)
    with open(asked, "w") as out:
        names = [*(["c++"] if cpp else []), *(name for name in libraries if name not in own)]
        out.write(SECTION + "".join(f'.asciz "{name}"\n' for name in dict.fromkeys(names)))
    flags = os.environ["FAPWS4_FLAGS"].split()
    done = subprocess.call([compiler, "-r", *flags, "-g0", *inputs, *own.values(), asked])
    os.unlink(asked)
    return done


def sorted_out(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """What goes into the object with the words about it, the names of the libraries, and the folders where to look."""
    inputs, libraries, folders = [], [], []
    waiting = iter(words)
    for word in waiting:
        if word in TAKES_A_WORD:
            word += next(waiting, "")
        if word.startswith("-L"):
            folders.append(word[2:])
        elif word.startswith("-l"):
            libraries.append(word[2:])
        elif not word.startswith((*TAKES_A_WORD, *FOREIGN)) and word not in DROPPED:
            inputs.append(word)
    return inputs, libraries, folders


def of_the_sources(name: str, folders: list[str]) -> str:
    """A static library that the build has made itself; "" when it has not."""
    tree = os.path.realpath(os.environ["FAPWS4_TREE"]) + os.sep
    places = [os.path.realpath(os.path.join(folder, f"lib{name}.a")) for folder in folders]
    return next((place for place in places if place.startswith(tree) and os.path.exists(place)), "")


if __name__ == "__main__":
    sys.exit(main())
