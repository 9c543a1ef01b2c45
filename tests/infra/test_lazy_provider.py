"""A service of pulumi_aws that is read lazily gives every name that it gives when it is read whole."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.lazy_provider import names_of

pytestmark = pytest.mark.lengthy

# Whatever the package's names are, and where each was defined.
_TELL = """
import importlib, json, sys
if sys.argv[1] == "lazily":
    from infra import lazy_provider
    lazy_provider.install()
package = importlib.import_module(sys.argv[2])
read = sum(name.startswith(sys.argv[2] + ".") for name in sys.modules)
told = {}
for name in dir(package):
    value = getattr(package, name)
    if not name.startswith("__") and name not in ("typing", "_builtins", "_utilities"):
        told[name] = getattr(value, "__module__", None) or getattr(value, "__name__", "")
print(json.dumps([read, told]))
"""


def told(how: str, package: str) -> tuple[int, dict[str, str]]:
    done = subprocess.run([sys.executable, "-c", _TELL, how, package], capture_output=True, text=True, check=True)
    read, names = json.loads(done.stdout)
    return read, names


@pytest.mark.parametrize("package", ["pulumi_aws.cloudwatch", "pulumi_aws.kms"])
def test_every_name_is_the_one_of_the_whole_package(package: str) -> None:
    read, lazily = told("lazily", package)
    assert lazily == told("whole", package)[1]
    assert read == 0, "no module was read before its name was asked for"


def test_a_function_is_found_under_its_name_although_its_module_has_the_same() -> None:
    script = (
        "from infra import lazy_provider; lazy_provider.install(); import pulumi_aws.kms.get_key; "
        "import pulumi_aws as aws; assert callable(aws.kms.get_key), aws.kms.get_key"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_unknown_name_is_the_usual_error() -> None:
    script = "from infra import lazy_provider; lazy_provider.install(); import pulumi_aws as aws; aws.kms.Kay"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("AttributeError: module 'pulumi_aws.kms' has no attribute 'Kay'")


@pytest.mark.parametrize(
    ("init", "module"),
    [
        ("from .vpc import *\nprint('hello')\n", "__all__ = ['Vpc']\n"),
        ("from .vpc import Vpc\n", "__all__ = ['Vpc']\n"),
        ("from .vpc import *\n", "Vpc = 1\n"),
    ],
)
def test_a_package_that_says_anything_else_is_read_whole(tmp_path: Path, init: str, module: str) -> None:
    (tmp_path / "__init__.py").write_text(init)
    (tmp_path / "vpc.py").write_text(module)
    assert names_of(tmp_path / "__init__.py") is None


def test_of_two_modules_with_one_name_the_later_gives_it(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from .vpc import *\nfrom ._inputs import *\nfrom . import outputs\n")
    (tmp_path / "vpc.py").write_text("__all__ = ['VpcArgs', 'Vpc']\n")
    (tmp_path / "_inputs.py").write_text("#" * 5000 + "\n__all__ = [\n    'VpcArgs',\n]\n")
    (tmp_path / "outputs.py").write_text("")
    found = {"vpc": "vpc", "Vpc": "vpc", "VpcArgs": "_inputs", "_inputs": "_inputs", "outputs": "outputs"}
    assert names_of(tmp_path / "__init__.py") == found
