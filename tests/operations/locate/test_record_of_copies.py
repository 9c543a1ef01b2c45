"""What the record says, in both languages, of copies that nobody reaches, and of how long an erasure takes by them."""

import pytest

from infra.tenants.files import read_tenant
from operations.locate.record.english import IN_ENGLISH
from operations.locate.record.language import Words
from operations.locate.record.norwegian import IN_NORWEGIAN
from operations.locate.sources import Declarations, Estate
from tests.conftest import PROJECT
from tests.operations.locate.test_captions import record

pytestmark = pytest.mark.lengthy

LANGUAGES = pytest.mark.parametrize("words", [IN_ENGLISH, IN_NORWEGIAN], ids=["English", "Norwegian"])
TOLD = {
    "English": (
        "| Copies of records and files, made every day, before they go to another account | Stockholm, Sweden "
        "(eu-north-1) | a key for this customer alone | each for 7 days | gone 7 days later | no |",
        "| Copies of records and files, locked in another account of Workbuoy's | Stockholm, Sweden (eu-north-1) | "
        "a key of the place that they are copied to | each for 35 days in another vault, and by nobody sooner | gone "
        "35 days later | no |",
        "- Records and files, copied every day into another account, out of reach: each for 35 days in another vault, "
        "and by nobody sooner, in Stockholm, Sweden (eu-north-1).",
        "- What is erased is gone from these copies when the last one that holds it ends: records after 35 days, files "
        "after 125 days, since earlier versions of a file are copied too. Nobody takes it out sooner.",
        "- AWS Backup, a service, which copies records and files into another account of Workbuoy's: ",
    ),
    "Norwegian": (
        "| Kopier av poster og filer, laget hver dag, før de går til en annen konto | Stockholm, Sverige "
        "(eu-north-1) | en nøkkel for denne kunden alene | hvert i 7 dager | borte 7 dager senere | nei |",
        "| Kopier av poster og filer, låst i en annen av Workbuoys kontoer | Stockholm, Sverige (eu-north-1) | "
        "en nøkkel på stedet som de kopieres til | hver kopi i 35 dager i et annet hvelv, og av ingen før | borte 35 "
        "dager senere | nei |",
        "- Poster og filer, kopiert hver dag utenfor rekkevidde av kontoen i drift: hver kopi i 35 dager i et annet "
        "hvelv, og av ingen før, i Stockholm, Sverige (eu-north-1).",
        "- Det som slettes, er borte fra disse kopiene når den siste som har det, utløper: poster etter 35 dager, "
        "filer etter 125 dager, siden tidligere versjoner av en fil også kopieres. Ingen kan ta det ut før.",
        "- AWS Backup, en tjeneste, som kopierer poster og filer til en annen av Workbuoys kontoer: ",
    ),
}


@pytest.fixture(scope="module")
def globex(declarations: Declarations) -> Estate:
    """A customer whose stack has a copy out of reach."""
    return declarations.estate(read_tenant(PROJECT, "globex"))


@pytest.mark.parametrize(("language", "words"), [("English", IN_ENGLISH), ("Norwegian", IN_NORWEGIAN)])
def test_where_copies_out_of_reach_lie_and_how_long_an_erasure_takes_by_them(
    language: str, words: Words, globex: Estate
) -> None:
    page = record(globex, words)
    assert [one for one in TOLD[language] if one not in page] == []


@LANGUAGES
def test_the_record_of_a_customer_without_such_a_copy_says_nothing_of_one(words: Words, acme: Estate) -> None:
    page = record(acme, words)
    sentences = (words.texts["backup_away"], words.texts["erased_away"])
    assert not [one for one in sentences if one.partition("{")[0] in page]
    assert "AWS Backup" not in page
