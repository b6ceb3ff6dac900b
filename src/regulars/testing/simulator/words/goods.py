"""Words for invented brands and products in Chinese (Taiwan), Japanese and English."""

from __future__ import annotations

# category: (weight, price range in TWD as quantiles 0, 50, 100 %, product nouns by language)
CATEGORIES: dict[str, tuple[int, tuple[int, int, int], dict[str, tuple[str, ...]]]] = {
    "Tea": (
        12,
        (120, 380, 1_800),
        {
            "zh-TW": ("高山烏龍茶", "蜜香紅茶", "文山包種茶", "東方美人茶", "冷泡茶包"),
            "ja": ("煎茶", "ほうじ茶", "玄米茶", "抹茶缶", "和紅茶"),
            "en": ("Earl Grey tin", "mint tea", "chai blend", "breakfast tea", "rooibos"),
        },
    ),
    "Coffee": (
        9,
        (180, 420, 1_500),
        {
            "zh-TW": ("濾掛咖啡", "淺焙咖啡豆", "深焙咖啡豆", "冷萃瓶"),
            "ja": ("ドリップバッグ", "浅煎り豆", "深煎り豆", "コーヒーフィルター"),
            "en": ("espresso beans", "filter roast", "cold brew bottle", "drip bags"),
        },
    ),
    "Ceramics": (
        9,
        (250, 680, 3_600),
        {
            "zh-TW": ("手作馬克杯", "釉彩小碟", "茶壺", "花器", "湯碗"),
            "ja": ("湯のみ", "小鉢", "急須", "一輪挿し", "豆皿"),
            "en": ("stoneware mug", "pasta bowl", "bud vase", "teapot", "side plate"),
        },
    ),
    "Stationery": (
        13,
        (35, 150, 1_200),
        {
            "zh-TW": ("筆記本", "鋼筆墨水", "紙膠帶", "週計畫本", "信紙組"),
            "ja": ("手帳", "万年筆インク", "マスキングテープ", "便箋", "鉛筆セット"),
            "en": ("dot-grid notebook", "fountain pen", "letter set", "brass ruler", "desk calendar"),
        },
    ),
    "Textiles": (
        9,
        (180, 720, 4_200),
        {
            "zh-TW": ("棉麻圍巾", "帆布托特包", "茶巾", "抱枕套"),
            "ja": ("手ぬぐい", "リネンストール", "帆布バッグ", "麻の布巾"),
            "en": ("linen throw", "canvas tote", "wool scarf", "tea towel"),
        },
    ),
    "Kitchen": (
        12,
        (90, 520, 3_900),
        {
            "zh-TW": ("鑄鐵鍋", "木砧板", "竹蒸籠", "量匙組", "保鮮盒"),
            "ja": ("土鍋", "銅のおろし金", "木べら", "弁当箱", "包丁"),
            "en": ("cast-iron pan", "oak board", "measuring spoons", "lunch box", "paring knife"),
        },
    ),
    "Outdoor": (
        8,
        (220, 1_100, 6_800),
        {
            "zh-TW": ("露營燈", "折疊椅", "鈦杯", "防水袋"),
            "ja": ("焚き火台", "折りたたみ椅子", "チタンマグ", "防水バッグ"),
            "en": ("camp lantern", "folding stool", "titanium mug", "dry bag"),
        },
    ),
    "Audio": (
        6,
        (490, 1_980, 12_800),
        {
            "zh-TW": ("藍牙喇叭", "耳罩式耳機", "黑膠唱盤墊"),
            "ja": ("ワイヤレスイヤホン", "小型スピーカー", "レコードクリーナー"),
            "en": ("bookshelf speaker", "wired earphones", "record brush"),
        },
    ),
    "Skincare": (
        10,
        (150, 560, 2_600),
        {
            "zh-TW": ("茶籽手工皂", "護手霜", "洗髮餅", "潤唇膏"),
            "ja": ("椿油", "手作り石けん", "ハンドクリーム", "入浴剤"),
            "en": ("hand balm", "olive soap", "bath salts", "lip balm"),
        },
    ),
    "Toys": (
        6,
        (120, 450, 2_200),
        {
            "zh-TW": ("木頭積木", "紙板火車", "拼圖", "布偶"),
            "ja": ("積み木", "けん玉", "紙ふうせん", "木のパズル"),
            "en": ("wooden train", "jigsaw puzzle", "spinning top", "sock rabbit"),
        },
    ),
    "Lighting": (
        6,
        (380, 1_450, 7_900),
        {
            "zh-TW": ("床頭燈", "蠟燭", "紙燈罩"),
            "ja": ("和紙ランプ", "キャンドル", "デスクライト"),
            "en": ("desk lamp", "beeswax candle", "paper lantern"),
        },
    ),
}

FINISHES: dict[str, tuple[str, ...]] = {
    "zh-TW": ("經典", "雲白", "墨黑", "青瓷", "焦糖", "限定", "小份", "禮盒", "海藍"),
    "ja": ("白", "墨", "藍", "若草", "季節限定", "小", "大", "ギフト", "桜"),
    "en": ("Classic", "Chalk", "Ink", "Moss", "Rust", "Small", "Large", "Gift", "Harbour blue"),
}
COLOURS = ("white", "black", "green", "brown", "blue", "natural")

BRANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "zh-TW": {
        "patterns": ("{x}{y}",),
        "x": ("雲邊", "拾光", "山嵐", "小滿", "慢島", "木日", "晨間", "河岸", "半畝", "稻浪"),
        "y": ("製物", "選物", "工坊", "商號", "生活", "茶行"),
    },
    "ja": {
        "patterns": ("{x}{y}",),
        "x": ("月白", "木漏日", "花筏", "潮騒", "朝顔", "薄明", "里山", "風花"),
        "y": ("堂", "舎", "工房", "商店", "製作所"),
    },
    "en": {
        "patterns": ("{x} & {y}", "{x} {y}"),
        "x": ("Alder", "Mercer", "Fenwick", "Larkspur", "Harrow", "Tilly", "Oakham", "Brindle"),
        "y": ("Sons", "Field", "Goods", "Dry Store", "Works", "Loom"),
    },
}
