"""`python -m glassnet.cli` is `glassnet`."""

import sys

from glassnet.cli.start import main

sys.exit(main())
