"""What a backup holds of this device, what another one would change in it, and the change itself.

The change is noted whole before it begins (the journal), and what is noted is done to its end: by this process, or after a
power cut by the next one, which PID 1 starts when it finds the note (core/init/owner/manager.h). Twice is the same as once.
"""

from __future__ import annotations

import json
from threading import Lock

from fapws4.device import zones
from fapws4.device.errors import Refused
from fapws4.manager import app_settings, backup, network_calls, root_side, store
from fapws4.manager.caller import note
from fapws4.manager.passwords import is_hash
from fapws4.manager.users import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fapws4.device import records
    from fapws4.manager.caller import Household

    Table = dict[str, Any]

_LONGEST_SHOWN = 120  # characters of a value in a list of changes
NO_HASH = "none"  # of a user who came without one: an administrator has to set the password
_one_at_a_time = Lock()


def snapshot(household: Household) -> Table:
    """This device as it is now, secrets included."""
    facts = root_side.facts()
    users = household.users.listed()
    return {"schema": backup.SCHEMA, "product": root_side.first(facts, "product"),
            "version": root_side.first(facts, "version"),
            "network": network_calls.settings(facts), "zone": _zone(facts),
            "users": [{"name": row["name"], "role": row["role"]} for row in users],
            "settings": app_settings.files(),
            "secrets": {"hashes": [{"name": row["name"], "hash": row["hash"]} for row in users],
                        "tokens": household.tokens.listed(), "certificate": _pem("certificate.pem"), "key": _pem("key.pem")}}


def changes(now: Table, then: Table, who: str) -> list[records.Change]:
    """What differs, part by part; of what is secret only that it does. `who` restores, and stays as that one is."""
    found = _differing("network", _texts(now["network"]), _texts(then["network"]))
    found += _differing("zone", {"zone": now["zone"]}, {"zone": then["zone"] or now["zone"]})
    mine = {row["name"]: row["role"] for row in now["users"] if row["name"] == who}
    found += _differing("users", {row["name"]: row["role"] for row in now["users"]},
                        {row["name"]: row["role"] for row in then["users"]} | mine)
    found += _differing("settings", _sizes(now["settings"]), _sizes(then["settings"]),
                        _contents(now["settings"]), _contents(then["settings"]))
    if then["secrets"]:
        found += _secret_changes(now["secrets"], then["secrets"], who)
    return found


def check(then: Table, product: str) -> None:
    """Refused before anything is changed: what the parts could not be made of."""
    if then["product"] != product:
        raise Refused("conflict", f"this is a backup of {then['product']}, and the device is {product}")
    network_calls.words_of(then["network"])
    if then["zone"] and not zones.rule(then["zone"]):
        raise Refused("conflict", f"this version knows no time zone {then['zone']}")
    app_settings.check(then["settings"])
    for row in then["users"]:
        check_name(row["name"])
    if len({row["name"] for row in then["users"]}) < len(then["users"]):
        raise Refused("invalid", "this backup is damaged: a user is in it twice")
    for row in then["secrets"]["hashes"] if then["secrets"] else []:
        if row["hash"] != NO_HASH and not is_hash(row["hash"]):
            raise Refused("invalid", "this backup is damaged: what it has of a password is none that this version knows")


def restore(household: Household, then: Table, who: str) -> None:
    """Makes the device as the backup says."""
    with _one_at_a_time:
        store.write_bytes(_journal(), json.dumps({"who": who, "then": then}).encode())
        _do(household, who, then)


def finish(household: Household) -> bool:
    """Ends what a power cut has stopped; false when there is nothing. What this version cannot restore is given up."""
    try:
        with open(_journal(), "rb") as file:
            text = file.read()
    except FileNotFoundError:
        return False
    product = root_side.first(root_side.facts(), "product")
    with _one_at_a_time:
        try:
            found = json.loads(text)
            then, who = backup.present(found["then"]), str(found["who"])
            check(then, product)
        except (ValueError, KeyError, TypeError, RecursionError, Refused) as error:
            note(f"a restore that was cut is given up: {error}")
            store.remove(_journal())
            return False
        _do(household, who, then)
    return True


def _do(household: Household, who: str, then: Table) -> None:
    """The network comes first: PID 1 may still refuse it, and then nothing has happened."""
    facts = root_side.facts()
    if then["network"] != network_calls.settings(facts):
        try:
            root_side.order("network-now", *network_calls.words_of(then["network"]))
        except Refused:
            store.remove(_journal())
            raise
    if then["zone"] and then["zone"] != _zone(facts):
        root_side.order("timezone", then["zone"], zones.rule(then["zone"]))
    _restore_users(household, who, then)
    if app_settings.folder():
        app_settings.put_back(then["settings"])
    secrets = then["secrets"]
    if secrets:
        household.tokens.replace_all(secrets["tokens"])
        _restore_certificate(secrets["certificate"], secrets["key"])
    if app_settings.folder():
        root_side.order("restart-app")
    store.remove(_journal())


def _restore_certificate(certificate: str, key: str) -> None:
    """Only on a device that has one. One that PID 1 does not take any more leaves the present one in force."""
    present = _pem("certificate.pem")
    if not certificate or not present or certificate == present:
        return
    try:
        root_side.order("certificate", *certificate_words(certificate, key))
    except Refused as refusal:
        note(f"the certificate of the backup was not taken: {refusal}")


def certificate_words(certificate: str, key: str) -> list[str]:
    """Both PEM texts as words of an order, which is one line: '|' for an end of line, '_' for a blank."""
    for pem, kind in ((certificate, "CERTIFICATE"), (key, "PRIVATE KEY")):
        if kind not in pem or "|" in pem:
            raise Refused("invalid", f"this is no PEM with a {kind}")
    return [pem.replace("\r", "").strip().replace("\n", "|").replace(" ", "_") for pem in (certificate, key)]


def _restore_users(household: Household, who: str, then: Table) -> None:
    now = {row["name"]: row for row in household.users.listed()}
    hashes = {row["name"]: row["hash"] for row in then["secrets"]["hashes"]} if then["secrets"] else {}
    kept = {name: row["hash"] for name, row in now.items()}
    rows = [{"name": row["name"], "role": row["role"], "hash": hashes.get(row["name"]) or kept.get(row["name"], NO_HASH)}
            for row in then["users"] if row["name"] != who]
    me = now.get(who)
    for name in now:  # first: after a cut those who differ no more are not seen
        if name != who and now[name] not in rows:
            household.sessions.end_all(name)
            household.tokens.remove_of(name)
    household.users.replace_all([*([me] if me else []), *rows])


def _differing(part: str, now: dict[str, str], then: dict[str, str], old: Any = None, new: Any = None) -> list[records.Change]:
    """`old` and `new` are what is compared, when it is not what is shown."""
    old, new = (now if old is None else old), (then if new is None else new)
    return [{"part": part, "name": name[:256], "before": _shown(now.get(name)), "after": _shown(then.get(name))}
            for name in sorted(now.keys() | then.keys()) if old.get(name) != new.get(name)]


def _secret_changes(now: Any, then: Any, who: str) -> list[records.Change]:
    rows: list[records.Change] = []
    old, new = ({row["name"]: row["hash"] for row in each["hashes"]} for each in (now, then))
    rows += _differing("password", dict.fromkeys(old, "set"), dict.fromkeys(new, "set"), old, new | {who: old.get(who)})
    old, new = ({row["name"]: row for row in each["tokens"]} for each in (now, then))
    rows += _differing("token", {name: row["role"] for name, row in old.items()},
                       {name: row["role"] for name, row in new.items()}, old, new)
    if then["certificate"] and now["certificate"] and then["certificate"] != now["certificate"]:
        rows.append({"part": "certificate", "name": "certificate", "before": "this device's", "after": "that of the backup"})
    return rows


def _shown(value: str | None) -> str | None:
    return None if value is None else value[:_LONGEST_SHOWN]


def _texts(network: Any) -> dict[str, str]:
    return {key: ", ".join(value) if isinstance(value, list) else value for key, value in network.items()}


def _sizes(files: Any) -> dict[str, str]:
    return {row["path"]: f"{len(row['data']) * 3 // 4 - row['data'].count('=')} bytes" for row in files}


def _contents(files: Any) -> dict[str, Any]:
    return {row["path"]: (row["mode"], row["data"]) for row in files}


def _zone(facts: list[tuple[str, str]]) -> str:
    name = root_side.first(facts, "timezone").split(" ")[0]
    return name if zones.rule(name) else ""


def _pem(name: str) -> str:
    try:
        with open(f"{store.data_folder()}/{name}", encoding="ascii") as file:
            return file.read(65536)
    except (OSError, ValueError):
        return ""


def _journal() -> str:
    return f"{store.data_folder()}/restore"


