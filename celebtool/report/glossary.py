"""Explain the terms of a report, for the hints of its page."""

TERMS = {
    "accuracy": "Share of images whose most probable class is the true one.",
    "top-3 accuracy": "Share of images whose true class is among the three most probable ones.",
    "top-5 accuracy": "Share of images whose true class is among the five most probable ones.",
    "balanced accuracy": "Mean of the classes' recalls: every class counts the same, however many images it has.",
    "coverage": "Share of images that have a prediction; images that failed count as wrong.",
    "precision": "Share of the images predicted as a class that are of it.",
    "recall": "Share of the images of a class that were predicted as it.",
    "F1": "Harmonic mean of precision and recall: high only if both are.",
    "macro precision": "Mean precision of the classes: every class counts the same.",
    "macro recall": "Mean recall of the classes: every class counts the same.",
    "macro F1": "Mean F1 of the classes: every class counts the same.",
    "macro average": "Mean over the classes: every class counts the same.",
    "weighted precision": "Mean precision of the classes, weighted by their images.",
    "weighted recall": "Mean recall of the classes, weighted by their images: the accuracy.",
    "weighted F1": "Mean F1 of the classes, weighted by their images.",
    "weighted average": "Mean over the classes, weighted by their images.",
    "calibration error": "Mean distance between confidence and accuracy, in 15 bins of confidence; 0 is best.",
    "confidence": "The largest probability that the model gave to a class.",
    "too confident by": "Mean confidence less accuracy; red where it is more than chance.",
    "score": "What the threshold for strangers is compared with: a face below it is called unknown.",
    "guesses": "The five most probable classes.",
    "known faces accepted": "Share of the images of known people that got a name, not unknown.",
    "accepted and right": "Share of the images of known people that got the right name.",
    "strangers": "Images of nobody that the model was trained on, from the directory unknown/.",
    "strangers accepted": "Share of the images of strangers that got a name.",
    "true accepts at 1 %": "Share of known faces that are accepted and right if the threshold lets 1 % of the strangers pass.",
    "true accepts at 0.1 %": "The same if the threshold lets 0.1 % of the strangers pass.",
    "trained on (leak)": "Images that the model was trained on: figures that rest on them say nothing about new photos.",
    "share of true": "Share of the true class's images that were predicted as this class.",
    "gain": "Accuracy of the second less that of the first, on the images that both have.",
    "p": "How likely a difference this large is if both are equally good; below 0.05 it counts as real.",
    "McNemar's test": "Asks whether two models differ, from the images that only one of them has right.",
    "loss": "What training makes small: cross-entropy, 0 if every true class has the probability 1.",
    "val loss": "The loss on the images of val, which the model was not trained on.",
    "val accuracy": "The accuracy on the images of val, which the model was not trained on.",
    "copies of others": "Images that show the same picture as another: mirrored, resized, re-encoded or a little cropped.",
    "blurry": "Images with weak contours: the variance of the Laplacian is below 60 at 112 pixels.",
    "dark": "Images in which 95 of 100 pixels are darker than 70 of 255.",
    "tiny": "Images whose shorter side is below 64 pixels.",
}


def hint(term: str) -> str:
    """Return the explanation of a term; nothing if there is none."""
    return TERMS.get(term, "")
