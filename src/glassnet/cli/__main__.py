"""`python -m glassnet.cli` is `glassnet`."""

import sys

from glassnet.cli.main import main

sys.exit(main())
