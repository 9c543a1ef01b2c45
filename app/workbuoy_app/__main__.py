"""`python -m workbuoy_app` is `workbuoy-app`."""

import sys

from workbuoy_app.cli import main

sys.exit(main())
