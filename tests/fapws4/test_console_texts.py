"""What the console's pages are made of: texts and their translations, markup, QR codes, languages."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

from appliance.common.places import CORE, PACKAGE
from fapws4.console import qr
from fapws4.console.language import LANGUAGES, choose, read_catalogue, translator
from fapws4.console.markup import Markup, escape, h, join
from fapws4.console.pages.overview import _SAID_ABOVE
from fapws4.console.patterns import places_in
from fapws4.console.refusals import OF_PID_1, OF_THE_NETWORK, SENTENCES, said
from fapws4.console.words import name_of, source_of, value_of
from fapws4.device import Refused
from fapws4.device.calls import CALLS, arguments_of
from fapws4.device.schema import Invalid

CONSOLE = PACKAGE / "console"
TRANSLATORS = ("_", "later", "visit.text", "self.text")


def messages() -> Iterator[str]:
    """Every text that is translated: the argument of one of TRANSLATORS."""
    for file in sorted(CONSOLE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=func, args=[ast.Constant(value=str(text)), *_]) if ast.unparse(func) in TRANSLATORS:
                    yield text


def fields_of(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", list(LANGUAGES)[1:])
def test_every_text_is_translated(language: str) -> None:
    """A catalogue has all texts of the pages and no others, with the same names in braces."""
    catalogue = dict(read_catalogue((CONSOLE / f"{language}.po").read_text()))
    wanted = set(messages())
    assert (set(), set()) == (wanted - catalogue.keys(), catalogue.keys() - wanted)
    assert [] == [text for text, said in catalogue.items() if fields_of(text) != fields_of(said)]


def refusals_of_the_manager() -> Iterator[str]:
    """The sentences of its refusals; `{name}` for what is put in."""
    for file in sorted((PACKAGE / "manager").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="Refused"), args=[_, sentence]):
                    for text in ast.walk(sentence):
                        parts = text.values if isinstance(text, ast.JoinedStr) else [text] * isinstance(text, ast.Constant)
                        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{name}" for part in parts)


def test_sentences_of_the_manager_are_those_that_it_says() -> None:
    """Another wording there would leave a translation that nobody sees."""
    assert set() == set(SENTENCES) - set(refusals_of_the_manager())


def texts_of_pid_1() -> set[str]:
    """The texts in core/init, without what stands around a refusal; those that are put together have "%s" and the like."""
    words = (word for file in (CORE / "init").rglob("*.c") for word in re.findall(r'"((?:[^"\\\n]|\\.)*)"', file.read_text()))
    return {re.sub(r"%\.?\*?[sd]", "{}", word.removeprefix("refused ").removesuffix("\\n")) for word in words}


def without_names(pattern: str) -> str:
    """With empty braces."""
    return re.sub(r"\{\w+\}", "{}", pattern)


def test_sentences_of_pid_1_are_those_that_it_says() -> None:
    """Its refusals word for word, and of the network's settings each contradiction and what each word is like."""
    texts = texts_of_pid_1()
    assert [] == [sentence for sentence in OF_PID_1 if without_names(sentence) not in texts]
    source = (CORE / "init/network/network_settings.c").read_text()
    said = [f"{key} must be {like}" for key, like in re.findall(r'\{"(\w+)", read_\w+, "([^"]+)"\}', source)]
    said += re.findall(r'return "([^"]+)";', source)
    assert len(said) == 13
    patterns = [pattern for pattern, _ in OF_THE_NETWORK]
    assert [] == [text for text in said if not any(places_in(pattern, text) for pattern in patterns)]
    assert [] == [pattern for pattern in patterns if not any(places_in(pattern, text) for text in said)]


def test_every_refusal_of_an_order_is_translated() -> None:
    """A new one of those that stand in one piece is noticed."""
    own = {"it takes one number, a position in the log", "it takes one number, the seconds since 1970",
           "it takes the name of a time zone and its POSIX rule", "there is no such order", "this is not yours to order",
           "the claim code is wrong"}  # to programs that do not know the orders; the last by its code
    told = {text for file in (CORE / "init").rglob("*.c") if file.parent.name in ("owner", "clock", "network", "log")
            for text in re.findall(r'"refused ([a-z][^"%]+)\\n"', file.read_text())}
    assert own | set(OF_PID_1) >= told >= own


def in_language(language: str) -> Any:
    """As much of a visit as texts need."""
    return SimpleNamespace(text=translator(language))


@pytest.mark.parametrize(("code", "text", "shown"), [
    ("conflict", "there is a user zoe already", "Il y a déjà un utilisateur zoe."),
    ("absent", "there is no token {name}", "Il n'y a pas de jeton {name}."),
    ("invalid", "this backup is damaged", "Cette sauvegarde est abîmée."),
    ("refused", "the settings cannot be kept: No space left on device",
     "Les réglages ne peuvent pas être conservés : No space left on device"),
    ("refused", "gateway6 is no other host of the network of v6",
     "Passerelle (IPv6) : pas un autre hôte du réseau de l'adresse fixe"),
    ("refused", "v4 must be dhcp, or the address of a host such as 192.168.7.20/24",
     "Adresse fixe (IPv4) : l'adresse d'un hôte, comme 192.168.7.20/24"),
    ("invalid", "this backup is damaged: line 1", "this backup is damaged: line 1"),
    ("absent", "there is no user ", "there is no user "),
    ("password", "whatever", "Le nom ou le mot de passe est faux.")])
def test_refusals_in_french(code: str, text: str, shown: str) -> None:
    """By the code or by the sentence; any other in the manager's words."""
    assert shown == said(in_language("fr"), Refused(code, text))


@pytest.mark.parametrize(("arguments", "english", "french"), [
    ({"new_password": "short"}, "New password: from 10 to 256 characters",
     "Nouveau mot de passe : de 10 à 256 caractères"),
    ({"name": "e" * 33}, "Name: from 1 to 32 characters", "Nom : de 1 à 32 caractères"),
    ({"name": "e\0"}, "Name: no characters that cannot be shown", "Nom : pas de caractères qui ne peuvent être montrés")])
def test_an_argument_is_called_as_the_page_calls_it(arguments: dict[str, str], english: str, french: str) -> None:
    right = {"name": "eve", "role": "viewer", "new_password": "analytical", "password": "analytical"}
    with pytest.raises(Invalid) as refusal:
        arguments_of(CALLS["users.add"], {**right, **arguments})
    for language, shown in (("en", english), ("fr", french)):
        assert shown == said(in_language(language), Refused("invalid", str(refusal.value)))


STATUS = [
    ("state", "confirmed", "has proved itself", "a fait ses preuves"),
    ("state", "trial 57", "on trial; 57 s left", "à l'essai ; encore 57 s"),
    ("state", "trial 57 paused", "on trial, which waits for the network cable; 57 s left",
     "à l'essai, qui attend le câble réseau ; encore 57 s"),
    ("update", "running 512 1536000", "512 B of 1.5 MiB have arrived", "512 o sur 1,5 Mio sont arrivés"),
    ("update", "refused no room: 3 MB", "refused: no room: 3 MB", "refusée : no room: 3 MB"),
    ("clock", "untrusted rtc", "not certain, from: the clock on the board", "incertaine, d'après : l'horloge de la carte"),
    ("clock", "trusted sntp 192.0.2.1", "certain, from: the time server 192.0.2.1",
     "certaine, d'après : le serveur de temps 192.0.2.1"),
    ("interface", "eth0 52:54:00:12:34:56 no-cable", "eth0, 52:54:00:12:34:56: no cable",
     "eth0, 52:54:00:12:34:56 : pas de câble"),
    ("timezone", "Europe/Paris CET-1CEST", "Europe/Paris", "Europe/Paris"), ("timezone", "- UTC0", "UTC0", "UTC0"),
    ("usb", "offers 2.0 a b.update", "version 2.0 is there: a b.update", "la version 2.0 s'y trouve : a b.update"),
    ("fetch", "registry.example/a:b has not been asked yet", "registry.example/a:b has not been asked yet",
     "registry.example/a:b n'a pas encore été interrogé"),
    ("data", "something new", "something new", "something new"), ("new", "ok", "ok", "ok")]


@pytest.mark.parametrize(("key", "value", "english", "french"), STATUS)
def test_the_status_in_words(key: str, value: str, english: str, french: str) -> None:
    """What has no words is shown as it is."""
    assert (english, french) == tuple(value_of(in_language(language), key, value) for language in ("en", "fr"))


def test_every_key_of_the_status_has_a_name() -> None:
    keys = set(re.findall(r'add\w*\(&?page, "([a-z0-9-]+)"', (CORE / "init/owner/status.c").read_text()))
    assert {"state", "failed", "dns", "usb"} <= keys
    assert set(_SAID_ABOVE) == {key for key in keys if name_of(in_language("en"), key) == key}


def test_a_time_from_nowhere() -> None:
    assert "" == source_of(in_language("en"), "")


@pytest.mark.parametrize(("pattern", "text", "found"), [
    ("{a} of {b}", "1 of 2 of 3", {"a": "1", "b": "2 of 3"}), ("no {a} here", "no one here", {"a": "one"}),
    ("no {a} here", "no  here", None), ("no {a} here", "no here", None), ("no {a} here", "no one hereabouts", None),
    ("all", "all", {}), ("all", "all of it", None), ("{a}", "", None)])
def test_the_places_of_a_pattern(pattern: str, text: str, found: dict[str, str] | None) -> None:
    assert found == places_in(pattern, text)


def test_a_catalogue_is_read_as_gettext_writes_it() -> None:
    """Texts over several lines, quotes, what is fuzzy, what is obsolete."""
    text = '''msgid ""
msgstr "Language: fr\\n"

#: pages/a.py:1
msgid "one \\"two\\""
msgstr ""
"un "
"\\"deux\\"\\n"

#, fuzzy
msgid "perhaps"
msgstr "peut-être"

#~ msgid "gone"
#~ msgstr "parti"

msgid "not yet"
msgstr ""
'''
    assert [('one "two"', 'un "deux"\n')] == list(read_catalogue(text))


def test_a_translation_with_values() -> None:
    """Braces are filled in after the translation; a text that nobody has translated is said as it is."""
    assert "Utilisateur" == translator("fr")("User")
    assert "Thing 2.0 {x}" == translator("fr")("Thing {x} {y}", x="2.0", y="{x}")


@pytest.mark.parametrize(("chosen", "accepted", "language"), [
    ("", "", "en"), ("", "fr", "fr"), ("", "fr-CA,en;q=0.5", "fr"), ("", "en-GB,fr;q=0.9", "en"), ("", "de,fr;q=0.1", "fr"),
    ("", "fr;q=0,de", "en"), ("", "fr;q=x", "en"), ("", ";;,=", "en"), ("fr", "en", "fr"), ("en", "fr", "en"),
    ("xx", "fr", "fr")])
def test_the_language(chosen: str, accepted: str, language: str) -> None:
    """What was chosen counts, else what the browser would like best."""
    assert language == choose(chosen, accepted)


def test_text_never_becomes_markup() -> None:
    """Neither as a child, in a list or not, nor in an attribute."""
    assert '<p title="&quot;&gt;">&lt;b&gt; &amp;<br></p>' == h.p("<b>", [" &", None, h.br()], title='">')
    assert "<input disabled>" == h.input(disabled=True, readonly=False, value=None)
    assert '<a aria-label="x" class="y"></a>' == h.a(aria_label="x", class_="y")
    assert "&lt;" == escape(escape("<"))
    assert Markup("<b>1</b>") == join(Markup("<b>"), "1", Markup("</b>"))


@pytest.mark.parametrize("length", [1, 17, 18, 32, 33, 53, 54, 78, 79, 106])
def test_a_qr_code(length: int) -> None:
    """Module for module what a well-known library makes, at the smallest and the largest size of each version."""
    text = ("https://192.168.7.20/device/network" * 4)[:length]
    code = QRCode(error_correction=ERROR_CORRECT_L, mask_pattern=0, border=0)
    code.add_data(QRData(text, MODE_8BIT_BYTE))
    assert code.get_matrix() == qr.matrix(text.encode())


def test_a_text_too_long_for_a_qr_code() -> None:
    """There is none then."""
    assert qr.matrix(b"x" * 107) is None
    assert "" == qr.picture("x" * 107, "x")
