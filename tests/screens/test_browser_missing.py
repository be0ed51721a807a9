import pytest

from minimask.cli import main
from minimask.screens import browser


def test_a_missing_playwright_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(browser, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'minimask\[test\]'"):
        browser.find_program()
    assert main(["export-screens", str(tmp_path / "pages"), "--pages", "1", "--quiet"]) == 1
    assert "pip install 'minimask[test]'" in capsys.readouterr().err
    assert not (tmp_path / "pages").exists()


def test_a_missing_browser_is_told(monkeypatch):
    monkeypatch.setattr(browser, "find_spec", lambda name: object())
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="Chromium, Chrome or Edge, and none is on the PATH"):
        browser.find_program()


def test_the_named_browser_comes_first(monkeypatch):
    monkeypatch.setattr(browser, "find_spec", lambda name: object())
    monkeypatch.setattr(browser.shutil, "which", lambda name: name and f"/bin/{name}")
    monkeypatch.setenv("MINIMASK_BROWSER", "mine")
    assert browser.find_program() == "/bin/mine"
    monkeypatch.delenv("MINIMASK_BROWSER")
    assert browser.find_program() == "/bin/chromium"


@pytest.mark.parametrize("arguments", [["--pages", "0"], ["--themes", "none"], ["--seed", "x"]])
def test_wrong_usage_is_told(arguments, tmp_path, capsys):
    try:
        code = main(["export-screens", str(tmp_path / "pages"), *arguments])
    except SystemExit as error:
        code = error.code
    assert code == 2 and arguments[0] in capsys.readouterr().err


def test_a_full_folder_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["export-screens", str(tmp_path)]) == 2
    assert "must be new or empty" in capsys.readouterr().err
