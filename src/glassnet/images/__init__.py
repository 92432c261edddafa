"""From a folder of photos to a trained network: looked at, unpacked, split, trained, measured.

photos = images.read("photos")      # a folder for each class; or photos/train and photos/test
fit = images.find_fit(photos)       # also ((x, y), (x_test, y_test)) of bytes
fit.go()
fit.scores()                        # on images held out, beside a constant answer
fit.model.save("model.safetensors")
images.ImageModel.load("model.safetensors").predict("new_photos")
"""

from glassnet.images.evaluate import evaluate
from glassnet.images.fit import ImageFit, find_fit
from glassnet.images.frame import Frame
from glassnet.images.model import ImageModel
from glassnet.images.photos import Photos, read
from glassnet.images.settings import Settings
from glassnet.tables.evaluate import Evaluation

__all__ = [
    "Evaluation", "Frame", "ImageFit", "ImageModel", "Photos", "Settings", "evaluate", "find_fit",
    "read",
]  # fmt: skip
