"""The second counts and losses of the notebook's text agree with the first on text made up for the purpose."""

import pytest
import torch

from experiments.part_two.language_model import LanguageModel, train_language_model, unigram_loss
from experiments.part_two.language_model_trials import Settings, as_text
from lab.part_two import text

SETTINGS = Settings(batch_size=4, width=8)


@pytest.fixture(scope="module")
def made_up():
    words = [str(n) for n in torch.randint(12, (1200,), generator=torch.Generator().manual_seed(0)).tolist()]
    return as_text([*words, "rare"], SETTINGS)


@pytest.mark.parametrize(
    ("line", "count"), [("the cat sat", 3), ("don't, (he said).", 7), ("x1y -- 'quoted' it's", 4), ("", 0)]
)
def test_words_are_what_is_left_between_what_is_none(line, count):
    assert text._words_in(line) == count


@pytest.mark.parametrize(("words", "known"), [("a a a b b b c", 3), ("a <unk> <unk> <unk>", 1)])
def test_known_words_and_the_unknown_one(words, known):
    assert text.known_words(words.split(), least=3) == known


def test_frequency_loss_word_by_word(made_up):
    expected = unigram_loss(made_up.train, made_up.held_out, len(made_up.vocabulary.words))
    assert text.frequency_loss(made_up, SETTINGS) == pytest.approx(expected, abs=1e-5)


def test_first_loss_is_that_of_the_training(made_up):
    torch.manual_seed(SETTINGS.seeds[0])
    model = LanguageModel(len(made_up.vocabulary.words), SETTINGS.width)
    first, _ = train_language_model(model, made_up.train, steps=2)
    assert text.first_loss(made_up, SETTINGS) == pytest.approx(first, abs=1e-5)
