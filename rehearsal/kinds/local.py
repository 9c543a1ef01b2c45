"""Types that live in Pulumi's state alone: random values, here drawn from the URN so that every run is the same."""

import base64
import string
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.naming import digest
from rehearsal.result import Declared

Local = Callable[[Declared], tuple[str, Mapping[str, Any]]]


def random_id(declared: Declared) -> tuple[str, Mapping[str, Any]]:
    """`byteLength` bytes in the notations that the provider gives."""
    prefix = declared.inputs.get("prefix") or ""
    data = _bytes(declared.urn, int(declared.inputs["byteLength"]))
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    outputs = {
        **declared.inputs,
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data)),
        "b64Url": prefix + url,
        "b64Std": prefix + base64.b64encode(data).decode(),
    }
    return url, outputs


def random_string(declared: Declared) -> tuple[str, Mapping[str, Any]]:
    """`length` characters of the classes that are asked for."""
    wanted = declared.inputs
    numeric = wanted.get("numeric", wanted.get("number", True))
    alphabet = (string.ascii_lowercase if wanted.get("lower", True) else "") + (
        string.ascii_uppercase if wanted.get("upper", True) else ""
    )
    alphabet += string.digits if numeric else ""
    alphabet += (wanted.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?") if wanted.get("special", True) else ""
    length = int(wanted["length"])
    result = "".join(alphabet[byte % len(alphabet)] for byte in _bytes(declared.urn, length))
    return result, {**wanted, "result": result}


def _bytes(urn: str, length: int) -> bytes:
    data = b"".join(bytes.fromhex(digest(f"{urn}#{block}")) for block in range(length // 32 + 1))
    return data[:length]


LOCAL: dict[str, Local] = {
    "random:index/randomId:RandomId": random_id,
    "random:index/randomString:RandomString": random_string,
}
