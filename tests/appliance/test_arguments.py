"""What the command lines of the tasks may say (appliance/common/arguments.py)."""

from __future__ import annotations

import pytest
from invoke.collection import Collection
from invoke.exceptions import ParseError
from invoke.parser.parser import Parser
from invoke.program import Program

import tasks

TASKS = {context.name: context for context in Collection.from_module(tasks).to_contexts()}


def parsed(*words: str) -> dict[str, object]:
    """The options of a command line's last task, by name; with ``help``, the task that is to be explained."""
    found = Parser(contexts=list(TASKS.values()), initial=Program().initial_context).parse_argv(list(words))
    return {argument.name: argument.value for argument in found[-1].args.values()} | {"help": found[0].args["help"].value}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_every_task_explains_itself(name: str, word: str) -> None:
    assert parsed(name, word)["help"] == name


def test_help_goes_before_what_is_missing_behind_some_arguments() -> None:
    assert parsed("update", "hello.img", "--help")["help"] == "update"


@pytest.mark.parametrize(("words", "said"), [
    (["update", "--verfy-only", "hello.img", "hello.update"],
     "error: there is no option --verfy-only: invoke update --help says which there are"),
    (["bundle"], "error: FOLDER and OUTPUT missing: invoke bundle --help explains it"),
    (["bundle", "dist/hello"], "error: OUTPUT missing: invoke bundle --help explains it"),
    (["emulate", "hello.img", "--cut-after", "soon"], "error: --cut-after takes a number, not 'soon'"),
    (["build-appliance", "app.py", "--counter=1.5"], "error: --counter takes a number, not '1.5'"),
])
def test_what_cannot_be_meant_is_refused_by_name(words: list[str], said: str) -> None:
    with pytest.raises(ParseError) as refusal:
        parsed(*words)
    assert str(refusal.value) == said


@pytest.mark.parametrize(("words", "options"), [
    (["flash", "hello.img"], {"image": "hello.img", "device": ""}),
    (["flash", "--yes", "hello.img", "/dev/sdb"], {"image": "hello.img", "device": "/dev/sdb", "yes": True}),
    (["bundle", "dist/hello", "--output", "-"], {"folder": "dist/hello", "output": "-"}),
    (["bundle", "--output=hello.update", "dist/hello"], {"folder": "dist/hello", "output": "hello.update"}),
    (["emulate", "-"], {"image": "-"}),
    (["build-appliance", "app.py", "--cmdline", "-x"], {"app": "app.py", "cmdline": "-x"}),
])
def test_what_can_be_meant_is_taken(words: list[str], options: dict[str, object]) -> None:
    assert parsed(*words).items() >= options.items()


def test_the_help_has_the_positional_arguments_first_and_in_their_order() -> None:
    assert [names for names, _ in TASKS["flash"].help_tuples()][:3] == [
        "IMAGE or -i STRING, --image=STRING", "[DEVICE] or -d [STRING], --device[=STRING]", "-c STRING, --config=STRING"]
