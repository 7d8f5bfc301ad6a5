"""The sample conversations in English."""

from __future__ import annotations

from screenshot_samples import Answer, Sample, Samples, Turn, said

from app.core.entities import Status

THOUGHTS = """<think>
The starter is half flour and half water, so it counts on both sides.

- water: 350 + 50 = 400
- flour: 500 + 50 = 550

400 / 550 is a little under 73 %.
</think>

"""
HYDRATION = (
    THOUGHTS
    + r"""# Your dough is at 73 %

Bakers measure against the **flour**. Your starter is half flour, half water[^1]: it counts twice.

$$h = \frac{w + s/2}{f + s/2} = \frac{350 + 50}{500 + 50} \approx 0.73$$

Here $w$ is the water, $f$ the flour and $s$ the starter, all in grams.

## Where other flours begin

| Flour | Start at | Water for 500 g |
|:--|:-:|--:|
| White wheat | 68 % | 340 g |
| Wholemeal wheat | 78 % | 390 g |
| Spelt | 65 % | 325 g |

> [!TIP]
> Hold back a tenth of the water. It can go in later; it cannot come out.

There is more under [baker percentage](https://en.wikipedia.org/wiki/Baker_percentage).

[^1]: Fed with equal weights of both, as most recipes mean it.
"""
)
SIMPLE = """**70 %.** You have 350 g of water to 500 g of flour:

- the dough is soft, but holds its shape
- wet hands help more than extra flour

I left the starter out of it.
"""
LONG = """About **73 %**, if the starter counts.

1. Water: 350 g and half the starter, 400 g in all.
2. Flour: 500 g and the other half, 550 g in all.
3. 400 divided by 550 is 0.73.
"""
CODE = """Save this as `dough.py`:

```python
from dataclasses import dataclass


@dataclass(frozen=True)
class Dough:
    \"\"\"Weights in grams.\"\"\"

    flour: float
    water: float
    starter: float = 0.0

    @property
    def hydration(self) -> float:
        starter_half = self.starter / 2  # fed with equal weights of flour and water, so it counts on both sides
        return (self.water + starter_half) / (self.flour + starter_half)


loaf = Dough(flour=500, water=350, starter=100)
print(f"{loaf.hydration:.0%}")  # 73%
```

For 75 %, add **12.5 g** of water.
"""  # noqa: E501 - it is there to be wrapped
PLAN = """### Saturday

- [x] Feed the starter at breakfast
- [ ] Mix flour and water, rest for an hour
- [ ] Add the starter and 10 g of salt

### Sunday

1. Shape the loaf
   - dust the basket with rice flour
   - seam side up
2. Heat the oven to 250 °C, with the pot inside
   1. twenty minutes with the lid on
   2. twenty minutes with it off
3. Wait an hour before you cut it, because the crumb"""

BREAD = Sample(
    "Sourdough for a beginner",
    0.01,
    (
        Turn(
            "How wet is my dough? My notes and a picture of the last loaf are attached.",
            (Answer(SIMPLE), Answer(HYDRATION, thinking_s=12.2), Answer(LONG)),
            shown=1,
            has_files=True,
        ),
        Turn("Can you make that a small program?", (Answer(CODE),)),
        Turn("And a plan for the weekend, please.", (Answer(PLAN, status=Status.CUT_OFF),)),
    ),
    folder="Kitchen",
    tags=("recipe",),
    is_pinned=True,
)
OTHERS = (
    Sample(
        "Why do cats knead?",
        0.1,
        said(
            "Why do cats knead?",
            "Kittens knead their mother to make the milk flow. Grown cats keep the habit when "
            "they feel safe, and leave a little scent from their paws.",
        ),
    ),
    Sample(
        "Soup from what is left",
        0.2,
        said(
            "I have leeks, two potatoes and some cream.",
            "Sweat the leeks in butter, add the potatoes in cubes, cover with **water** and cook "
            "for twenty minutes. Blend, then stir in the cream.",
        ),
        folder="Kitchen",
        tags=("recipe",),
    ),
    Sample(
        "Train to Lisbon with one bag",
        1.1,
        said(
            "What fits into one bag for ten days in Lisbon?",
            "Pack for four days and wash twice: three shirts, a sweater for the evening wind, a "
            "bottle for water, and shoes that are used to hills.",
        ),
        folder="Travel",
        tags=("summer",),
    ),
    Sample(
        "Tomatoes with yellow leaves",
        2.2,
        said(
            "The lower leaves of my tomatoes turn yellow.",
            "If it is only the lowest ones, the plant is done with them. If it climbs, give less "
            "water and a little feed with nitrogen.",
        ),
        folder="Garden",
        tags=("summer",),
    ),
    Sample(
        "A thank-you note to the neighbours",
        3.3,
        said(
            "They watered our plants for two weeks. Three sentences, please.",
            "Dear Ana and Jon, every plant is alive, and the basil has doubled. You carried a "
            "great deal of water up those stairs. Cake is on its way.",
        ),
    ),
    Sample(
        "Rename photos by their date",
        8.0,
        said("How do I rename photos by date?", "Read the date from EXIF, then move the file."),
        tags=("code",),
    ),
    Sample(
        "How a heat pump works",
        15.0,
        said(
            "How can a heat pump give more than it takes?",
            "It moves heat instead of making it. One unit of power carries about three units of "
            "warmth from outside into your hot water.",
        ),
    ),
    Sample(
        "The snail who liked rain",
        24.0,
        said("A bedtime story about a snail.", "Once there was a snail who packed for rain…"),
        tags=("kids",),
        is_pinned=True,
    ),
    Sample(
        "Stars to find in August",
        65.0,
        said(
            "Which stars are easy to find in August?",
            "Look straight up in the late evening: Vega, Deneb and Altair make the Summer "
            "Triangle. Around the twelfth the Perseids fall.",
        ),
        tags=("summer", "kids"),
    ),
    Sample(
        "Is the old bicycle worth mending?",
        120.0,
        said("Is my old bicycle worth mending?", "If the frame is straight, yes."),
        is_archived=True,
    ),
    Sample(
        "Names for a brown hen",
        0.5,
        said("Names for a brown hen?", "Hazel, Nutmeg, Toast, or Mrs Baker."),
        is_binned=True,
    ),
)
ENGLISH = Samples(
    conversations=(BREAD, *OTHERS),
    picture_name="last loaf.png",
    notes_name="notes.txt",
    notes="Flour 500 g, water 350 g, starter 100 g.\nThe kitchen was cold. Crumb a bit tight.\n",
    draft="Here is what I did on Sunday. The kitchen was 19 °C, so I let the dough rise for six "
    "hours, folded it four times in the first two, and shaped it late in the evening. It spent "
    "the night in the fridge. What would you change next time?",
    sought="water",
    command="the",
    setting="context",
    story="Tell me a story about a fox who finds a warm fireplace",
    quick="What is a fireplace good for?",
    folder_question="And with carrots?",
    facts=("Lives in Antwerp and cycles to work.", "Is vegetarian."),
)
