"""Language models with random weights and a toy vocabulary: everything but the download."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from stresslab.errors import ParamError  # noqa: E402
from stresslab.runners._language_model import LanguageModel, drop_layers, rounded  # noqa: E402
from stresslab.runners.generate import writer  # noqa: E402
from stresslab.runners.zero_shot import scorer  # noqa: E402

pytestmark = pytest.mark.slow
PROMPTS = ["a b c", "c c d a b", "d", "b a"]


@pytest.fixture(scope="module")
def language():
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["<pad>", "<end>", "a", "b", "c", "d", "good", "bad", "\n"]
    toy = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<pad>")
    )
    toy.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=toy, pad_token="<pad>", eos_token="<end>", unk_token="<pad>"
    )
    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=64, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
        initializer_range=0.4, eos_token_id=1, pad_token_id=0, bos_token_id=None,
    )  # fmt: skip
    return LanguageModel(tokenizer, transformers.LlamaForCausalLM(config).eval())


def test_a_text_written_in_a_batch_is_the_text_written_alone(language):
    predict = writer(language, 12)
    together = predict(PROMPTS)
    alone = [predict([prompt])[0] for prompt in PROMPTS]
    assert [one.output for one in together] == [one.output for one in alone]
    assert [one.tokens_out for one in together] == [one.tokens_out for one in alone]
    assert [one.tokens_in for one in together] == [3, 5, 1, 2]


def test_greedy_writing_equals_that_of_transformers(language):
    for prompt in PROMPTS:
        tokens = language.tokenizer([prompt], return_tensors="pt")
        ids = language.model.generate(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"],
            max_new_tokens=12, do_sample=False,
        )  # fmt: skip
        text = language.tokenizer.decode(
            ids[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True
        )
        (said,) = writer(language, 12)([prompt])
        assert said.answer == text.split("\n", 1)[0].strip()


def test_writing_stops_at_the_longest_output(language):
    assert max(one.tokens_out for one in writer(language, 4)(PROMPTS)) <= 4


@pytest.mark.parametrize("prompt", ["a {text}", "c d\na {text}", "c d\n{text}"])
def test_labels_are_weighed_by_the_next_token(language, prompt):
    (said,) = scorer(language, prompt, ("good", "bad"))(["b c"])
    tokens = language.tokenizer([prompt.replace("{text}", "b c")], return_tensors="pt")
    logits = language.model(input_ids=tokens["input_ids"]).logits[0, -1, [6, 7]].detach().numpy()
    good = float(np.exp(logits[0]) / np.exp(logits).sum())
    assert said.probs == pytest.approx((good, 1 - good), abs=1e-3)
    assert said.answer == ("good" if good > 0.5 else "bad")
    assert said.tokens_in == tokens["input_ids"].shape[1]


def test_a_text_judged_in_a_batch_is_judged_as_alone(language):
    predict = scorer(language, "c d\n{text}", ("good", "bad"))
    alone = [predict([prompt])[0].probs for prompt in PROMPTS]
    for one, other in zip(predict(PROMPTS), alone, strict=True):
        assert one.probs == pytest.approx(other, abs=2e-3)


def test_labels_with_one_first_token_are_refused(language):
    with pytest.raises(ParamError, match="first token"):
        scorer(language, "{text}", ("good", "good"))


def test_rounding_leaves_at_most_eight_values_per_group_at_three_bits():
    weights = torch.randn(4, 128, generator=torch.Generator().manual_seed(0))
    for row in rounded(weights, 3).reshape(8, 64):
        assert len(row.unique()) <= 8


def test_rounding_keeps_the_extremes_and_errs_by_half_a_step():
    weights = torch.linspace(-1, 1, 64)[None]
    after = rounded(weights, 2)
    assert after.min() == -1
    assert after.max() == 1
    assert (after - weights).abs().max() <= 1 / 3 + 1e-6


def test_rounding_names_what_it_cannot_do():
    with pytest.raises(ParamError, match=r"9 bits and shape \(2, 64\)"):
        rounded(torch.zeros(2, 64), 9)


def test_a_model_without_some_layers_still_writes(language):
    import copy

    short = copy.deepcopy(language.model)
    drop_layers(short, [1])
    assert len(short.model.layers) == short.config.num_hidden_layers == 2
    assert torch.equal(
        short.model.layers[1].mlp.up_proj.weight, language.model.model.layers[2].mlp.up_proj.weight
    )
    assert len(writer(LanguageModel(language.tokenizer, short), 5)(PROMPTS)) == 4
