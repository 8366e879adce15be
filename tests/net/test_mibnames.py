# SPDX-License-Identifier: MIT
"""Names from MIB text."""

import mibnames

TEXT = """
boxMIB MODULE-IDENTITY
    DESCRIPTION "x ::= { enterprises 9 }"
    ::= { netSnmpPlaypen 47 }
boxTable OBJECT-TYPE
    SYNTAX SEQUENCE OF BoxEntry -- ::= { boxMIB 8 }
    ::= { boxMIB 1 }
boxEntry OBJECT-TYPE ::= { boxTable 1 }
boxName OBJECT-TYPE ::= { boxEntry 2 }
"""


def test_names(tmp_path):
    (tmp_path / "box").write_text(TEXT)
    names = mibnames.Names(tmp_path / "box", tmp_path / "absent")
    root = ".1.3.6.1.4.1.8072.9999.9999.47"
    assert names.of(root + ".1.1.2.7.8") == "boxName.7.8"
    assert names.of(root + ".2") == "boxMIB.2"
    assert names.of(".1.3.6.1.2.1.1.3.0") == ".1.3.6.1.2.1.1.3.0"
