"""Makes a tiny model of random weights that llama.cpp serves: `python tiny_gguf.py FILE`.

It is the model of `tiny_model.py` in GGUF: a Llama of two layers, drawn from a fixed seed. It runs under the
interpreter of llama.cpp's environment, which has gguf, numpy and tokenizers.
"""

import json
import sys

import gguf
import numpy as np
from tiny_tokenizer import CHAT_TEMPLATE, END_OF_TEXT, END_OF_TURN, SPECIAL, trained

SEED = 0
CONTEXT = 32_768
"""Longest prompt and reply together, in tokens."""

WIDTH, INNER, LAYERS, HEADS = 128, 256, 2, 2
SPREAD = 0.02
"""Standard deviation of the weights: small, so that every next token that the grammar allows is about as probable."""


def write_tokenizer(writer: gguf.GGUFWriter) -> int:
    """Write tokens and merges, and return how many tokens there are."""
    bpe = json.loads(trained().to_str())["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].get)
    special = [gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")  # llama.cpp's name of a byte-level BPE
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(special)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"]])
    writer.add_bos_token_id(bpe["vocab"][END_OF_TEXT])
    writer.add_eos_token_id(bpe["vocab"][END_OF_TURN])
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    return len(tokens)


def write_weights(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    """Draw the weights, float32."""
    draw = np.random.default_rng(SEED)

    def drawn(name: str, *shape: int) -> None:
        writer.add_tensor(f"{name}.weight", (SPREAD * draw.standard_normal(shape)).astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))

    drawn("token_embd", vocabulary, WIDTH)
    ones("output_norm")
    drawn("output", vocabulary, WIDTH)
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            ones(f"blk.{layer}.{name}")
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            drawn(f"blk.{layer}.{name}", WIDTH, WIDTH)
        for name in ("ffn_gate", "ffn_up"):
            drawn(f"blk.{layer}.{name}", INNER, WIDTH)
        drawn(f"blk.{layer}.ffn_down", WIDTH, INNER)


def main() -> None:
    """Write the model into the file that is named."""
    if len(sys.argv) != 2:
        sys.exit("error: tiny_gguf.py takes one argument, the file that the model is written into")
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    vocabulary = write_tokenizer(writer)
    writer.add_vocab_size(vocabulary)
    write_weights(writer, vocabulary)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
