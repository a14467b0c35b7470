"""Where the devices of a product look for updates by themselves: ``[tool.fapws4]`` in the pyproject.toml beside the app.

    update_from = "registry.example.com/hello:stable"   where invoke publish puts them
    update_every = 3600                                 seconds between two looks; without, only when somebody asks for it
    update_ca = "ca.pem"                                the certificate authorities that the registry's certificate is from
    update_plain_http = true                            instead of it, for networks of one's own

What comes from there is verified like every update; TLS keeps from others which versions there are and what is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from appliance.common.errors import Problem
from appliance.imaging.reference import parse_reference
from appliance.packaging.data import Settings

_LEAST, _MOST = 60, 366 * 86400  # seconds between two looks
_LONGEST = 191  # characters; core/init/config.h


@dataclass(frozen=True)
class UpdateSource:
    """A place in a registry; ``every`` is in seconds, 0: never by itself; without ``authorities`` (PEM) it is plain http."""

    reference: str
    every: int = 0
    authorities: str = ""


def update_source_of(said: Settings, project: Path, accepts_updates: bool) -> UpdateSource | None:
    """What the project's file says, None when nothing; a Problem when it would not work."""
    if not said.update_from:
        if said.update_every or said.update_ca or said.update_plain_http:
            raise Problem(f"{project} says how to look for updates and not where",
                          'add update_from = "REGISTRY/REPOSITORY:TAG"')
        return None
    if not accepts_updates:
        raise Problem(f"{project} names a registry with updates, and the image would accept none", "build it with --keys FILE")
    reference = str(parse_reference(said.update_from))
    if len(reference) > _LONGEST:
        raise Problem(f"update_from of {project} is too long", f"it may have {_LONGEST} characters")
    if said.update_every and not _LEAST <= said.update_every <= _MOST:
        raise Problem(f"update_every of {project} is {said.update_every} seconds", f"it is from {_LEAST} to {_MOST}")
    if bool(said.update_ca) == said.update_plain_http:
        raise Problem(f"{project} must say how {reference} is asked",
                      'update_ca = "FILE" with the certificate authority that its certificate is from, or '
                      "update_plain_http = true in a network of your own")
    return UpdateSource(reference, said.update_every, _authorities(project.parent / said.update_ca) if said.update_ca else "")


def _authorities(file: Path) -> str:
    try:
        text = file.read_text()
        x509.load_pem_x509_certificates(text.encode())
    except (OSError, ValueError) as error:
        raise Problem(f"{file} has no certificates ({error})",
                      "name a PEM file, such as that of your registry's authority") from error
    return text
