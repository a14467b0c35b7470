"""PID 1's pure parts, compiled with AddressSanitizer and UBSan and called through cffi."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cffi import FFI

from tests.build import PID_1, of_pid_1

# In include order: a header may use only what stands earlier.
PURE = ["policy", "span", "file", "loop", "cmdline", "config", "backoff", "relay", "ready", "module_index", "uevent"]
PURE += ["node_rule"]
PURE += ["lease", "datagram", "dhcp", "dhcp_client", "slot_state", "slots", "crc32", "inet6", "host_address"]
PURE += ["network_settings", "settings", "preseed", "network_change", "gpt", "ext4"]
PURE += ["log", "log_text", "note", "trial", "failures", "health", "claim", "control", "refused_call", "syscall_filter"]
PURE += ["../update/text", "courier_state", "tree", "keepsake", "lost", "kernel_message"]
PURE += ["reset_file", "reset_order"]
PURE += ["samples"]
PURE += ["arp", "link_local", "acd", "dns", "mdns"]
PURE += ["clock_choice", "sntp", "sntp_client"]
# Without headers of their own here: what those need.
FURTHER = ["asker", "child", "console", "credentials"]
# What there is of OpenSSL here.
TLS = "const struct tls_library *tls_library(char fault[TLS_FAULT]) { (void)fault; return NULL; }\n"
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
FLAGS += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def declarations(header: Path) -> str:
    """A header's own text as cffi reads it: without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    return re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


class Pure:
    """The compiled functions (`lib`), and memory in which the sanitizer sees the first byte too far."""

    def __init__(self, ffi: Any, lib: Any) -> None:
        self.ffi = ffi
        self.lib = lib

    def exact(self, data: bytes) -> Any:
        """`data` in a heap block of exactly its size."""
        block = self.ffi.gc(self.ffi.cast("char *", self.lib.malloc(len(data))), self.lib.free)
        self.ffi.memmove(block, data, len(data))
        return block

    def span(self, data: bytes) -> Any:
        """A struct span over exact(data); keep the second value alive as long as the first."""
        block = self.exact(data)
        span = self.ffi.new("struct span *", {"start": block, "length": len(data)})
        return span, block

    def text(self, span: Any) -> bytes:
        """The bytes that a struct span covers."""
        return bytes(self.ffi.buffer(span.start, span.length))


@pytest.fixture(scope="session")
def pure(tmp_path_factory: pytest.TempPathFactory) -> Pure:
    """Builds the extension once a session."""
    folder = tmp_path_factory.mktemp("init")
    ffi = FFI()
    ffi.cdef("void *malloc(size_t size); void free(void *block); typedef int... uid_t;")
    for name in PURE:
        ffi.cdef(declarations(of_pid_1(f"{name}.h")))
    ffi.cdef('extern "Python" { void applied(void *owner, const struct network_settings *settings); }')
    ffi.cdef('extern "Python" { uint32_t chosen_number(void); void happened(void *owner); }')
    ffi.cdef('extern "Python" { void answered(void *owner, int status); struct span act(const struct order *order); }')
    ffi.cdef('extern "Python" { bool due(const struct order *order); struct span begin(const struct order *order); }')
    headers = "".join(f'#include "{of_pid_1(f"{name}.h")}"\n' for name in [*PURE, "../tls"])
    ffi.set_source("init_pure", "#include <stdlib.h>\n" + headers + TLS)
    ffi.emit_c_code(str(folder / "init_pure.c"))
    sources = [str(path) for name in PURE + FURTHER if (path := of_pid_1(f"{name}.h").with_suffix(".c")).exists()]
    includes = [f"-I{PID_1}", f"-I{sysconfig.get_path('include')}"]
    library = str(folder / "init_pure.so")
    argv = ["gcc", "-shared", "-fPIC", *FLAGS, *includes, str(folder / "init_pure.c"), *sources, "-o", library]
    subprocess.run(argv, check=True)
    spec = importlib.util.spec_from_file_location("init_pure", library)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Pure(module.ffi, module.lib)


@pytest.fixture
def choose(pure: Pure) -> Callable[[int], None]:
    """Sets the number that C's `chosen_number` answers from now on, in place of chance."""
    numbers = [0]

    def chosen_number() -> int:
        return numbers[0]

    pure.ffi.def_extern(name="chosen_number")(chosen_number)

    def set_number(number: int) -> None:
        numbers[0] = number

    return set_number
