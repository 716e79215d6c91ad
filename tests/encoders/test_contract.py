"""What holds for every encoder that can be run here, with real (small) models."""

import numpy as np
import pytest

from stresslab import encoders
from stresslab.errors import MissingPackageError, ParamError

TEXTS = ["good film", "bad film today", "a dog", "the dog runs home", "good dog"]


def tiny_net():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 7), nn.ReLU(), nn.Linear(7, 3))


def tiny_language_model(folder):
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    words = {
        word: place
        for place, word in enumerate(["[PAD]", "[UNK]", *sorted(set(" ".join(TEXTS).split()))])
    }
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=model, pad_token="[PAD]", unk_token="[UNK]"
    )
    fast.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=12, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(params=["hidden_states", "minilm", "tfidf_svd", "torch_classifier"])
def ready(request, tmp_path):
    piece = encoders.get(request.param)
    settings = {
        "hidden_states": lambda: {"folder": str(tiny_language_model(tmp_path)), "layers": "0,-1"},
        "minilm": dict,
        "tfidf_svd": lambda: {"inputs": TEXTS, "dimension": 3},
        "torch_classifier": lambda: {"build": "tests.encoders.test_contract:tiny_net"},
    }[request.param]()  # fmt: skip
    try:
        return piece, piece.load(**settings)
    except MissingPackageError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_one_finite_row_per_input_whatever_else_is_in_the_batch(ready):
    piece, loaded = ready
    images = list(np.random.default_rng(0).integers(0, 255, (5, 8, 8), dtype=np.uint8))
    inputs = TEXTS if piece.modality == "text" else images
    whole = loaded.encode(inputs)
    for name, vectors in whole.items():
        assert vectors.shape == (5, loaded.dimension), name
        assert np.isfinite(vectors).all()
        alone = np.concatenate([loaded.encode([one])[name] for one in inputs])
        np.testing.assert_allclose(alone, vectors, atol=2e-5)


@pytest.mark.slow
def test_pooling_and_layers_of_hidden_states_are_those_of_the_model(tmp_path):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    folder = str(tiny_language_model(tmp_path))
    tokenizer, model = (
        transformers.AutoTokenizer.from_pretrained(folder),
        transformers.AutoModel.from_pretrained(folder).eval(),
    )
    with torch.inference_mode():
        states = model(
            **tokenizer(TEXTS[3], return_tensors="pt"), output_hidden_states=True
        ).hidden_states
    wanted = {"mean": states[1][0].mean(0), "first": states[1][0, 0], "last": states[1][0, -1]}
    for pooling, vector in wanted.items():
        loaded = encoders.get("hidden_states").load(folder=folder, layers="1", pooling=pooling)
        found = loaded.encode(TEXTS)["1"][3]
        np.testing.assert_allclose(found, vector.numpy(), atol=1e-5)
    with pytest.raises(ParamError, match="from -3 to 2"):
        encoders.get("hidden_states").load(folder=folder, layers="9")


def test_the_head_of_a_classifier_makes_its_logits():
    torch = pytest.importorskip("torch")
    loaded = encoders.get("torch_classifier").load(build="tests.encoders.test_contract:tiny_net")
    images = np.random.default_rng(0).integers(0, 255, (5, 8, 8), dtype=np.uint8)
    weights, bias = loaded.head
    with torch.inference_mode():
        wanted = tiny_net()(torch.from_numpy(images.astype(np.float32) / 255)[:, None]).numpy()
    found = loaded.encode(list(images))["penultimate"] @ weights + bias
    np.testing.assert_allclose(found, wanted, atol=1e-5)
