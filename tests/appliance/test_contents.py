"""REPORT.txt: why each module is in the program, and what each costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from appliance.build import Plan, build_binary
from appliance.freezing.analysis import Analysis
from appliance.freezing.archive import Archive
from appliance.freezing.contents import written
from appliance.freezing.link import Code

ANALYSIS = Analysis(Path("/home/page.py"), (), (), (), (), through={"page": "", "json": "page", "json.decoder": "json",
                                                                  "_json": "json.decoder"},
                    left_out={"nobody wants it": ("tarfile", "zipfile")})
ARCHIVE = Archive(b"", "", {"stdlib": 300, "app": 20, "data": 7},
                  {"page": 20, "json": 100, "json.decoder": 200, "/appliance/app/x.txt": 7, "/appliance/app/empty": 0})
CODE = Code(5000, {"_json": 400}, {"libuv": 600, "openssl": 900, "cpython-openssl": 80})

REPORT = """page-x86_64: 8,000 bytes

shares

       5,400  interpreter
         980  TLS
         693  texts, tables and what the linker adds
         600  core and libraries
         300  stdlib
          20  app
           7  data

interpreter, C modules with who imports them first, and libraries

       5,000  (interpreter)
         900  (openssl)
         600  (libuv)
         400  _json                            page > json > json.decoder > _json
          80  (cpython-openssl)

Python modules, with who imports them first

         200  json.decoder                     page > json > json.decoder
         100  json                             page > json
          20  page

files

           7  /appliance/app/x.txt

left out: nobody wants it

  tarfile zipfile
"""


def test_the_report() -> None:
    """Largest first, modules with the chain from the app; the shares make up the program."""
    assert written("page-x86_64", 8000, ANALYSIS, ARCHIVE, CODE) == REPORT


def test_the_report_on_a_program(probe_plan: Plan) -> None:
    """Beside the program when it is asked for: every module, the C modules and libraries, and each byte is in one share."""
    plan = replace(probe_plan, report=True)
    frozen = build_binary(plan)
    text = plan.contents.read_text()
    shares = text.split("\n\n")[2].splitlines()
    assert plan.binary.stat().st_size == sum(int(line.split()[0].replace(",", "")) for line in shares)
    rows = {line.split()[1]: line.split()[2:] for line in text.splitlines() if line[:12].strip().replace(",", "").isdigit()}
    assert [] == [module.name for module in frozen.analysis.modules if module.file and module.name not in rows]
    assert ("probe", "shop.tax") == (rows["shop.tax"][0], rows["shop.tax"][-1])
    assert {"(interpreter)", "(libuv)", "(fapws4)", "posix"} <= rows.keys()
