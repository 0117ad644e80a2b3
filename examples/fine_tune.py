"""Fine-tunes an open LLM on what `also export --dataset` wrote: LoRA by TRL, on what proved right, then on preferences.

    python examples/fine_tune.py MODEL data adapter

It needs `pip install trl peft datasets` in an environment of its own, and no ALSO. MODEL is a folder, or a name of
Hugging Face's hub. docs/llm.md says how vLLM serves the adapter.
"""

import argparse
from pathlib import Path

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import is_torch_bf16_gpu_available
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


def main() -> None:
    """Fine-tune, and save the adapter with its tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="model to fine-tune")
    parser.add_argument("data", type=Path, help="folder of `also export --dataset`")
    parser.add_argument("adapter", type=Path, help="folder to write")
    parser.add_argument("--rank", type=int, default=16, help="rank of the adapter")
    parser.add_argument("--epochs", type=float, default=1, help="passes over each file")
    parser.add_argument("--longest", type=int, default=16384, help="tokens of prompt and reply at most")
    options = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    lora = LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(options.model, dtype="auto"), lora)
    common = {
        "output_dir": str(options.adapter / "trainer"),
        "num_train_epochs": options.epochs,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        "gradient_checkpointing": True,
        "bf16": is_torch_bf16_gpu_available(),
        "max_length": options.longest,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
    }
    shown = rows(options.data / "sft-trl.jsonl", "prompt", "completion")
    if shown is not None:
        settings = SFTConfig(learning_rate=1e-4, **common)
        SFTTrainer(model, args=settings, train_dataset=shown, processing_class=tokenizer).train()
    pairs = rows(options.data / "preferences.jsonl", "prompt", "chosen", "rejected")
    if pairs is not None:  # goes on with the same adapter; TRL takes a copy of it for the reference
        settings = DPOConfig(learning_rate=5e-6, beta=0.1, **common)
        DPOTrainer(model, args=settings, train_dataset=pairs, processing_class=tokenizer).train()
    model.save_pretrained(str(options.adapter), selected_adapters=["default"])
    tokenizer.save_pretrained(str(options.adapter))


def rows(file: Path, *columns: str):
    """The rows of a file with these columns only; None where it has none."""
    if not file.read_text(encoding="utf-8").strip():
        return None
    return load_dataset("json", data_files=str(file), split="train").select_columns(list(columns))


if __name__ == "__main__":
    main()
