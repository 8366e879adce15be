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
BoxState ::= TEXTUAL-CONVENTION
    DESCRIPTION "SYNTAX INTEGER { no(1) }"
    SYNTAX INTEGER { shut(1), -- open(2)
                     ajar(3) }
boxLid OBJECT-TYPE
    SYNTAX BoxState
    ::= { boxEntry 3 }
boxSize OBJECT-TYPE
    SYNTAX INTEGER { small(1), large(20) }
    ::= { boxEntry 4 }
"""


def test_names(tmp_path):
    (tmp_path / "box").write_text(TEXT)
    names = mibnames.Names(tmp_path / "box", tmp_path / "absent")
    root = ".1.3.6.1.4.1.8072.9999.9999.47"
    assert names.of(root + ".1.1.2.7.8") == "boxName.7.8"
    assert [names.value(root + ".1.1.3.7", text) for text in "123"] == ["shut(1)", "2", "ajar(3)"]
    assert [names.value(root + ".1.1.4.7", text) for text in ("1", "20")] == ["small(1)", "large(20)"]
    assert names.value(root + ".1.1.2.7", "1") == "1"
    assert names.of(root + ".2") == "boxMIB.2"
    assert names.of(".1.3.6.1.2.1.1.3.0") == ".1.3.6.1.2.1.1.3.0"
