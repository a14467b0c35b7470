"""An app that works with hardware: a serial adapter by termios, an I2C bus by a call that cffi must make."""

from __future__ import annotations

import errno
import fcntl
import glob
import json
import os
import termios
from pathlib import Path
from typing import Any

from cffi import FFI

from fapws4.base import Environ, Start_response

DEVICES = ["/dev/ttyUSB*", "/dev/i2c-*", "/dev/ttyS1"]

# linux/i2c-dev.h: a structure with a pointer in it, which fcntl.ioctl cannot pass.
_ffi = FFI()
_ffi.cdef("""
    struct i2c_smbus_ioctl_data { uint8_t read_write; uint8_t command; uint32_t size; void *data; };
    int ioctl(int descriptor, unsigned long request, ...);
""")
_libc = _ffi.dlopen(None)
_I2C_SLAVE, _I2C_SMBUS = 0x0703, 0x0720
_WRITE, _READ, _BYTE_DATA = 0, 1, 2
_CHIP = 0x1D  # that of the module i2c-stub, by its parameter (pyproject.toml)

_OTHERS = {
    "a disk": "/dev/vda", "memory": "/dev/mem", "the console": "/dev/ttyS0", "another port": "/dev/ttyS2",
    "the machine's own nodes": "/proc/1/root/dev/vda", "PID 1's place for them": "/run/dev/../../dev/vda",
}  # fmt: skip
_port = -1


def _fails(path: str) -> str:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "opened"


def there(environ: Environ, start_response: Start_response) -> str:
    """What is in /dev, and what of other things can be opened."""
    nodes = sorted(path.name for path in Path("/dev").iterdir())
    return json.dumps({"nodes": nodes, "serial": glob.glob("/dev/ttyUSB*"),
                       "others": {name: _fails(path) for name, path in _OTHERS.items()}})


def _let_go() -> None:
    global _port
    if _port >= 0:
        os.close(_port)
    _port = -1


def talk(environ: Environ, start_response: Start_response) -> str:
    """Open the serial port, as it comes from its maker to raw at 9600, and say hello."""
    global _port
    _let_go()
    _port = os.open("/dev/ttyUSB0", os.O_RDWR | os.O_NOCTTY)
    settings: list[Any] = termios.tcgetattr(_port)
    settings[0] = settings[1] = settings[3] = 0
    settings[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    settings[4] = settings[5] = termios.B9600
    settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 50
    termios.tcsetattr(_port, termios.TCSANOW, settings)
    owner = os.fstat(_port)
    os.write(_port, b"hello\n")
    return json.dumps({"owner": owner.st_uid, "mode": oct(owner.st_mode), "speed": termios.tcgetattr(_port)[4]})


def listen(environ: Environ, start_response: Start_response) -> bytes:
    """One line from the port. An adapter that has been pulled is let go: as long as it is open, its name is not free."""
    line = b""
    while not line.endswith(b"\n"):
        try:
            more = os.read(_port, 1)
        except OSError as error:
            more, line = b"", errno.errorcode[error.errno or 0].encode()
        if not more:
            _let_go()
            return line + b"(end)"
        line += more
    return line


def type_into(environ: Environ, start_response: Start_response) -> str:
    """What stays refused of a terminal that is the app's own: characters as if somebody had typed them."""
    try:
        fcntl.ioctl(_port, termios.TIOCSTI, b"x")
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "typed"


def _byte(descriptor: int, direction: int, value: int = 0) -> int:
    """The byte at a place of the chip, written or read."""
    data = _ffi.new("uint8_t[34]", bytes([value]))
    call = _ffi.new("struct i2c_smbus_ioctl_data *", (direction, 77, _BYTE_DATA, data))
    for request, argument in ((_I2C_SLAVE, _ffi.cast("long", _CHIP)), (_I2C_SMBUS, call)):
        if _libc.ioctl(descriptor, request, argument) < 0:
            raise OSError(_ffi.errno, os.strerror(_ffi.errno))
    return int(data[0])


def bus(environ: Environ, start_response: Start_response) -> str:
    """What stands in the chip before and after it is written to, on the first bus that has one."""
    for path in sorted(glob.glob("/dev/i2c-*")):
        descriptor = os.open(path, os.O_RDWR)
        try:
            return json.dumps([_byte(descriptor, _READ), _byte(descriptor, _WRITE, 0x5A), _byte(descriptor, _READ)])
        except OSError as error:
            last = error
        finally:
            os.close(descriptor)
    raise last


PATHS = [("/there", there), ("/talk", talk), ("/listen", listen), ("/type", type_into), ("/bus", bus)]
