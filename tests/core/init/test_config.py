"""/etc/appliance.conf as PID 1 reads it."""

from typing import Any

import pytest

DEFAULTS = {"name": "app", "version": "", "board": "", "data": "", "hostname": "fapws4", "health": "", "tls": "",
            "usb_update": "", "settings": "", "data_version": "", "update_from": "", "update_every": "", "log_size": "",
            "built": "1700000000", "ntp": "", "devices": ""}


def parsed(pure: Any, text: bytes) -> dict[str, str]:
    """All fields of struct config."""
    config = pure.ffi.new("struct config *")
    span, _block = pure.span(text)
    pure.lib.config_parse(span[0], config)
    return {field: pure.ffi.string(getattr(config, field)).decode() for field in DEFAULTS}


def test_what_the_builder_writes_is_read(pure: Any) -> None:
    """Every documented key arrives; a later version's unknown keys do no harm."""
    text = (b"name=hello\nversion=1.2+g3\nboard=pc\ncolour=blue\n\ndata=data\nhostname=hello-7\nhealth=/is/it_well~%20\n"
            b"tls=device\nusb_update=auto\nsettings=my/settings\ndata_version=12\nupdate_from=[::1]:5000/a/b-c:x_1\n"
            b"update_every=3600\nlog_size=65536\nbuilt=1800000000\nntp=10.0.0.1,192.0.2.1\ndevices=ttyUSB* i2c-? snd/pcmC*D?p")
    expected = {"name": "hello", "version": "1.2+g3", "board": "pc", "data": "data", "hostname": "hello-7",
                "health": "/is/it_well~%20", "tls": "device", "usb_update": "auto", "settings": "my/settings",
                "data_version": "12", "update_from": "[::1]:5000/a/b-c:x_1", "update_every": "3600",
                "log_size": "65536", "built": "1800000000", "ntp": "10.0.0.1,192.0.2.1",
                "devices": "ttyUSB* i2c-? snd/pcmC*D?p"}
    assert expected == parsed(pure, text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n\n",
        b"name",
        b"name=",
        b"name=../init",
        b"name=a b",
        b"name=" + b"x" * 64,
        b"data=" + b"x" * 37,
        b"hostname=under_score",
        b"hostname=a\x00b",
        b"NAME=hello",
        b"health=",
        b"health=well",
        b"health=/a b",
        b"health=/\r\nHost:x",
        b"health=/" + b"h" * 127,
        b"\xff\xfe=\x00",
    ],
)
def test_nonsense_leaves_the_defaults(pure: Any, text: bytes) -> None:
    """A damaged file never stops a boot: what makes no sense is passed over."""
    assert parsed(pure, text) == DEFAULTS


def test_longest_values_fit(pure: Any) -> None:
    """A GPT name of 36 characters, the longest there is, is usable."""
    assert parsed(pure, b"data=" + b"d" * 36)["data"] == "d" * 36
