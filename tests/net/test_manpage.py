# SPDX-License-Identifier: MIT
"""The man page of the configuration: it is complete, its examples are good, and it is clean troff."""

import re
import shutil
import subprocess

import pytest

from lab import build_dir

PAGE = build_dir() / "doc/vipd.conf.5"


def plain(text):
    """Troff as written in our pages to what a reader sees."""
    text = re.sub(r"\\f[BIRP]", "", text)
    return text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def examples():
    return [plain(text) for text in re.findall(r"^\.EX\n(.*?)^\.EE$", PAGE.read_text(), re.M | re.S)]


@pytest.mark.parametrize("index", range(len(examples())))
def test_example_is_a_good_configuration(tmp_path, index):
    file = tmp_path / "vipd.conf"
    file.write_text(examples()[index])
    done = subprocess.run([build_dir() / "vipd", "-t", "-f", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "error" not in done.stderr, f"{file.read_text()}\n{done.stderr}"
    assert "takes no more words" not in done.stderr and "unknown" not in done.stderr, done.stderr


def test_examples_show_every_block():
    shown = "".join(examples())
    missing = [name for name in ("global_defs", "vrrp_script", "vrrp_instance", "vrrp_sync_group", "virtual_server",
                                 "virtual_server_group", "real_server", "TCP_CHECK", "HTTP_GET", "SSL_GET",
                                 "MISC_CHECK", "authentication", "virtual_ipaddress", "track_script")
               if not re.search(rf"^\s*{name}\b.*{{", shown, re.M)]
    assert not missing


def test_every_keyword_and_choice_is_there():
    words = subprocess.run([build_dir() / "tests/tools/confcheck", "-D"], capture_output=True, text=True,
                           check=True).stdout.split()
    assert len(words) > 300
    page = plain(PAGE.read_text())
    missing = {word.strip('"') for word in words if not re.search(rf"(?<![\w-]){re.escape(word.strip(chr(34)))}(?!\w)", page)}
    assert not missing


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
@pytest.mark.parametrize("page", ["doc/vipd.conf.5", "doc/vipd.8", "doc/vipctl.8"])
def test_page_is_clean_troff(page, pytestconfig):
    path = build_dir() / page
    path = path if path.exists() else pytestconfig.rootpath.parent / page
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", path], capture_output=True, text=True, check=True)
    assert not done.stderr + done.stdout
