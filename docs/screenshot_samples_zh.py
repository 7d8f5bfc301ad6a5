"""The sample conversations in Simplified Chinese."""

from __future__ import annotations

from screenshot_samples import Answer, Sample, Samples, Turn, said

from app.core.entities import Status

THOUGHTS = """<think>
酵种一半是面粉、一半是水，所以两边都要算。

- 水：350 + 50 = 400
- 面粉：500 + 50 = 550

400 / 550 略低于 73 %。
</think>

"""
HYDRATION = (
    THOUGHTS
    + r"""# 你的面团含水量是 73 %

烘焙里一切都以**面粉**为基准。酵种一半是面粉、一半是水[^1]，所以分子分母都要加上它的一半：

$$h = \frac{w + s/2}{f + s/2} = \frac{350 + 50}{500 + 50} \approx 0.73$$

其中 $w$ 是水，$f$ 是面粉，$s$ 是酵种，单位都是克。

## 其他面粉从多少开始

| 面粉 | 起点 | 500 克面粉用水 |
|:--|:-:|--:|
| 白小麦粉 | 68 % | 340 克 |
| 全麦粉 | 78 % | 390 克 |
| 斯佩尔特小麦粉 | 65 % | 325 克 |

> [!TIP]
> 先留下十分之一的水。水以后还能加，却拿不出来。

更多内容见[烘焙百分比](https://en.wikipedia.org/wiki/Baker_percentage)。

[^1]: 用等重的面粉和水喂养，多数食谱都是这个意思。
"""
)
SIMPLE = """**70 %。** 500 克面粉配 350 克水：

- 面团柔软，但能保持形状
- 与其加面粉，不如把手沾湿

这里没有算上酵种。
"""
LONG = """算上酵种，大约是 **73 %**。

1. 水：350 克加上酵种的一半，共 400 克。
2. 面粉：500 克加上另一半，共 550 克。
3. 400 除以 550 等于 0.73。
"""
CODE = """把它存为 `dough.py`：

```python
from dataclasses import dataclass


@dataclass(frozen=True)
class Dough:
    \"\"\"重量，单位为克。\"\"\"

    flour: float
    water: float
    starter: float = 0.0

    @property
    def hydration(self) -> float:
        starter_half = self.starter / 2  # 酵种用等重的面粉和水喂养，所以两边都要加上它的一半，才能算对
        return (self.water + starter_half) / (self.flour + starter_half)


loaf = Dough(flour=500, water=350, starter=100)
print(f"{loaf.hydration:.0%}")  # 73%
```

想要 75 %，再加 **12.5 克**水。
"""  # noqa: E501 - it is there to be wrapped
PLAN = """### 星期六

- [x] 早饭时喂酵种
- [ ] 面粉和水混合，静置一小时
- [ ] 加入酵种和 10 克盐

### 星期日

1. 整形
   - 发酵篮里撒上米粉
   - 接缝朝上
2. 烤箱连锅预热到 250 °C
   1. 盖上盖子烤二十分钟
   2. 揭开盖子再烤二十分钟
3. 等一小时再切，因为里面的组织"""

BREAD = Sample(
    "第一次做酸面包",
    0.01,
    (
        Turn(
            "我的面团含水量是多少？附上笔记和上次那只面包的照片。",
            (Answer(SIMPLE), Answer(HYDRATION, thinking_s=12.2), Answer(LONG)),
            shown=1,
            has_files=True,
        ),
        Turn("能写成一个小程序吗？", (Answer(CODE),)),
        Turn("再来一份周末的计划吧。", (Answer(PLAN, status=Status.CUT_OFF),)),
    ),
    folder="厨房",
    tags=("食谱",),
    is_pinned=True,
)
OTHERS = (
    Sample(
        "猫为什么会踩奶？",
        0.1,
        said(
            "猫为什么会踩奶？",
            "小猫踩着妈妈，奶水就来得快。长大的猫觉得安心时仍会这样，还会用爪子留下一点气味。",
        ),
    ),
    Sample(
        "用剩菜煮一锅汤",
        0.2,
        said("我有大葱、两个土豆和一点奶油。", "大葱用黄油炒软，加土豆丁和水煮二十分钟，打成泥。"),
        folder="厨房",
        tags=("食谱",),
    ),
    Sample(
        "一个包坐火车去昆明",
        1.1,
        said("去昆明十天，一个包够吗？", "按四天收拾，洗两次衣服：三件上衣、一件外套、一个水壶。"),
        folder="旅行",
        tags=("夏天",),
    ),
    Sample(
        "番茄叶子发黄",
        2.2,
        said(
            "番茄下面的叶子黄了。", "只有最下面几片，不用担心。如果往上蔓延，就少浇水，补一点氮肥。"
        ),
        folder="菜园",
        tags=("夏天",),
    ),
    Sample(
        "写给邻居的感谢信",
        3.3,
        said(
            "他们帮我们浇了两周的花，请写三句话。", "每一盆花都活着。你们提了那么多水上楼。谢谢！"
        ),
    ),
    Sample(
        "按日期给照片改名",
        8.0,
        said("怎样按日期给照片改名？", "从 EXIF 里读出日期，再移动文件。"),
        tags=("代码",),
    ),
    Sample(
        "热泵是怎样工作的",
        15.0,
        said(
            "热泵为什么给的比用的多？", "它搬运热量，而不是制造热量。一份电能把三份热送进热水里。"
        ),
    ),
    Sample(
        "喜欢下雨的蜗牛",
        24.0,
        said("讲一个关于蜗牛的睡前故事。", "从前有一只蜗牛，出门总带着雨……"),
        tags=("孩子",),
        is_pinned=True,
    ),
    Sample(
        "八月能看到的星星",
        65.0,
        said("八月有哪些星星好认？", "深夜抬头：织女星、天津四和牛郎星组成夏季大三角。"),
        tags=("夏天", "孩子"),
    ),
    Sample(
        "旧自行车值得修吗？",
        120.0,
        said("旧自行车值得修吗？", "车架是直的，就值得。"),
        is_archived=True,
    ),
    Sample(
        "给一只芦花鸡起名",
        0.5,
        said("给一只芦花鸡起个名字？", "芝麻、花卷、团团，或者面包师太太。"),
        is_binned=True,
    ),
)
CHINESE = Samples(
    conversations=(BREAD, *OTHERS),
    picture_name="上次的面包.png",
    notes_name="笔记.txt",
    notes="面粉 500 克，水 350 克，酵种 100 克。\n厨房有点冷，组织偏紧。\n",
    draft="说说我星期天是怎么做的。厨房 19 °C，所以面团发了六个小时，前两个小时折叠了四次，晚上才"
    "整形，在冰箱里过了一夜。早上烤箱预热到二百五十度，带盖烤了二十分钟，揭盖又烤了二十分钟。外皮很脆，颜色也好看，"
    "可是里面还是有点湿，切的时候粘刀。我等了半个小时才切，也许还是太早了。面粉是普通的高筋粉，酵种是前一天晚上"
    "喂的，用的时候刚好涨到两倍高。下次你会改哪一步？",
    sought="水",
    command="主题",
    setting="上下文",
    story="讲一个关于狐狸和壁炉的故事",
    quick="壁炉有什么用？",
    folder_question="加胡萝卜行吗？",
    facts=("住在安特卫普，骑车上班。", "吃素。"),
)
