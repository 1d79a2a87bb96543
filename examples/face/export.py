"""Take a network that tells faces from a package, and pictures to try it with from another.

The network is the second of the three of MTCNN (Zhang et al. 2016, "Joint Face Detection and
Alignment Using Multitask Cascaded Convolutional Networks", IEEE Signal Processing Letters 23): it
says of a window of 24 x 24 pixels whether it shows a face. Its weights come in the wheel of the
Python package facenet-pytorch, the pictures in that of scikit-image up to 0.16: 100 faces of
Labeled Faces in the Wild and 100 pieces of the same photographs that show none. Neither package
has to be installed; PyTorch has to, as it is in the environment of `tinygen setup torch`.

    pip download --no-deps facenet-pytorch
    pip download --no-deps --only-binary :all: --python-version 3.7 \\
        --platform manylinux1_x86_64 scikit-image==0.16.2
    python export.py OUT facenet_pytorch-*.whl scikit_image-*.whl

Writes, into the folder OUT:

    face.pt2    the network as an exported program, with the scores alone, not where the face lies
    face.onnx   the same, where the package onnx is there
    train.npz   100 pictures for calibration, channels first as PyTorch has them
    test.npz    the 100 others
    labels.txt  what its two scores stand for
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

NAMES = ("other", "face")
SEED = 1


class RNet(nn.Module):  # type: ignore[misc]
    """As facenet_pytorch.models.mtcnn.RNet is made, by whose names its weights are found."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1 = nn.Linear(128, 2)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 3, 24, 24) -> (batch, 2): no face, a face."""
        x = self.pool(self.prelu1(self.conv1(x)))
        x = self.pool(self.prelu2(self.conv2(x)))
        x = self.prelu3(self.conv3(x))
        # The weights of the dense layer were trained on columns before rows.
        x = self.prelu4(self.dense4(x.permute(0, 3, 2, 1).flatten(1)))
        return torch.softmax(self.dense5_1(x), dim=1)


def network(wheel: Path) -> RNet:
    """With the package's weights. The file is opened as numbers: nothing in it can run."""
    with zipfile.ZipFile(wheel) as file:
        content = io.BytesIO(file.read("facenet_pytorch/data/rnet.pt"))
    weights = torch.load(content, weights_only=True)
    net = RNet()
    net.load_state_dict({name: w for name, w in weights.items() if not name.startswith("dense5_2")})
    net.eval()
    return net


def pictures(wheel: Path) -> tuple[np.ndarray, np.ndarray]:
    """(200, 3, 24, 24), as the package scales them, and whether they show a face."""
    with zipfile.ZipFile(wheel) as file:
        grey = np.load(io.BytesIO(file.read("skimage/data/lfw_subset.npy")), allow_pickle=False)
    x = torch.from_numpy(grey.astype(np.float32))[:, None]
    x = nn.functional.interpolate(x, (24, 24), mode="area") * 255
    x = (x.expand(-1, 3, -1, -1) - 127.5) / 128
    return x.numpy().copy(), np.repeat((1, 0), 100)


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("facenet", type=Path, help="the wheel of facenet-pytorch")
    parser.add_argument("skimage", type=Path, help="the wheel of scikit-image 0.16")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    net = network(options.facenet)
    x, y = pictures(options.skimage)
    order = np.random.default_rng(SEED).permutation(len(x))
    names = np.array(NAMES)[y]
    for part, chosen in (("train", order[:100]), ("test", order[100:])):
        np.savez(options.out / f"{part}.npz", x=x[chosen], y=names[chosen])
    (options.out / "labels.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    sample = (torch.from_numpy(x[:1]),)
    torch.export.save(torch.export.export(net, sample), options.out / "face.pt2")
    if importlib.util.find_spec("onnx"):
        torch.onnx.export(net, sample, options.out / "face.onnx", dynamo=False, opset_version=17)
    with torch.no_grad():
        found = net(torch.from_numpy(x)).argmax(1).numpy()
    right = found[order[100:]] == y[order[100:]]
    print(f"{right.mean():.2%} of the {len(right)} test pictures, in float")
    print(
        f"{(found[:100] == 1).mean():.2%} of all faces, {(found[100:] == 0).mean():.2%} of others"
    )


if __name__ == "__main__":
    main()
