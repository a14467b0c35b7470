"""fapws4: what an app imports.

`base` has the classes of the two arguments of every handler, `headers` answers such as a redirect,
`views` ready handlers such as static files. The server itself is the program `fapws4` (or the
frozen app), not this package.
"""

__version__ = "0.1.0"
