"""What a check found becomes what the ledger can hold."""

import numpy as np
import pytest

from writeup.trust.ledger import plain


@pytest.mark.parametrize("found", [np.float64(1.5), np.array(1.5), 1.5])
def test_a_number_of_numpy_becomes_pythons_own(found):
    assert (plain(found), type(plain(found)), plain([found])) == (1.5, float, [1.5])
