"""What AWS's European regions are called among people.

Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html, as known on 2026-11-22 from
engineers' knowledge; the page itself was not read.
"""

CITIES = {
    "eu-central-1": "Frankfurt, Germany",
    "eu-central-2": "Zürich, Switzerland",
    "eu-north-1": "Stockholm, Sweden",
    "eu-south-1": "Milan, Italy",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-2": "London, United Kingdom",
    "eu-west-3": "Paris, France",
    "us-east-1": "Northern Virginia, United States",
    "us-east-2": "Ohio, United States",
    "us-west-1": "Northern California, United States",
    "us-west-2": "Oregon, United States",
}


def place_name(region: str) -> str:
    """`Ireland (eu-west-1)`; a region that is not named here stands by its code."""
    return f"{CITIES[region]} ({region})" if region in CITIES else region
