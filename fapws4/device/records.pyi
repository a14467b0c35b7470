"""What calls take and give, for who checks types: the same as the forms in `calls`, which a test compares. No program has it,
and what it would bring."""

from typing import TypedDict

class Session(TypedDict):
    """Somebody who has just logged in. `session` is the secret that stands for it."""

    session: str
    name: str
    role: str


class Person(TypedDict):
    """Who asks. `token` is the name of the token by which it does, if it is a program."""

    name: str
    role: str
    token: str | None
    expires: int | None


class OpenSession(TypedDict):
    """A session as it is listed; ages are seconds."""

    id: str
    name: str
    source: str
    agent: str
    age: int
    idle: int
    current: bool


class User(TypedDict):
    """A user."""

    name: str
    role: str


class Token(TypedDict):
    """A token as it is listed. `expires` is in seconds since 1970."""

    name: str
    role: str
    owner: str
    expires: int | None


class NewToken(TypedDict):
    """The token itself."""

    token: str


class State(TypedDict):
    """Which device it is. `trial` is how many seconds its version has left to prove itself."""

    product: str
    version: str
    name: str
    state: str
    trial: int | None


class PublicStatus(State):
    """What everybody may know."""

    claimed: bool


class Amount(TypedDict):
    """Bytes."""

    total: int
    free: int


class Fact(TypedDict):
    """A line of what PID 1 says."""

    key: str
    value: str


class Temperature(TypedDict):
    """Of one sensor."""

    name: str
    celsius: float


class Sample(TypedDict):
    """How the device was at a moment."""

    uptime: int
    load: float
    memory_free: int


class Status(State):
    """How the device is."""

    board: str
    counter: str
    slot: str
    facts: list[Fact]
    addresses: list[str]
    uptime: int
    load: list[float]
    memory: Amount
    storage: Amount
    temperatures: list[Temperature]
    samples: list[Sample]


class NetworkSettings(TypedDict):
    """What is set of the network. `v4` is dhcp or address/prefix, `v6` auto, off or address/prefix."""

    name: str
    interface: str
    v4: str
    gateway: str
    v6: str
    gateway6: str
    dns: list[str]
    ntp: list[str]


class Interface(TypedDict):
    """A network interface; `carrier` says whether its cable is plugged in."""

    name: str
    mac: str
    carrier: bool


class Network(TypedDict):
    """What is set, and what it is by that; `trial`: how many seconds are left to keep settings that are being tried."""

    settings: NetworkSettings
    addresses: list[str]
    gateways: list[str]
    dns: list[str]
    ntp: list[str]
    interfaces: list[Interface]
    trial: int | None


class Trial(TypedDict):
    """How long there is to keep what was applied; 0: it is kept."""

    seconds: int


class Clock(TypedDict):
    """`seconds` since 1970."""

    seconds: int
    trusted: bool
    source: str
    zone: str
    uptime: int


class LogLines(TypedDict):
    """Lines, and the position after them."""

    next: int
    lines: list[str]


class Size(TypedDict):
    """Of a file, in bytes."""

    size: int


class Change(TypedDict):
    """What a restore does to one setting."""

    part: str
    name: str
    before: str | None
    after: str | None


class Restoration(TypedDict):
    """What a backup is of, and what it changes."""

    schema: int
    product: str
    version: str
    changes: list[Change]


class Storage(TypedDict):
    """Bytes; `app` are those of the app's files."""

    state: str
    total: int
    free: int
    app: int
    health: list[Fact]


class Certificate(TypedDict):
    """PEM, SHA-256 of the certificate as hexadecimal pairs, and whether the device has made it itself."""

    certificate: str
    fingerprint: str
    own: bool
