"""Words for invented people. Their mail addresses end in example.com, which belongs to nobody (RFC 2606)."""

from __future__ import annotations

GIVEN: dict[str, tuple[tuple[str, str], ...]] = {
    "zh-TW": (
        ("怡君", "yijun"),
        ("家豪", "jiahao"),
        ("淑芬", "shufen"),
        ("志明", "zhiming"),
        ("雅婷", "yating"),
        ("俊傑", "junjie"),
        ("美玲", "meiling"),
        ("宗翰", "zonghan"),
        ("詩涵", "shihan"),
        ("冠宇", "guanyu"),
        ("佳穎", "jiaying"),
        ("柏翰", "bohan"),
        ("心怡", "xinyi"),
        ("承恩", "chengen"),
        ("品妤", "pinyu"),
    ),
    "ja": (
        ("陽菜", "hina"),
        ("蓮", "ren"),
        ("結衣", "yui"),
        ("大翔", "hiroto"),
        ("美咲", "misaki"),
        ("悠真", "yuma"),
        ("さくら", "sakura"),
        ("健太", "kenta"),
        ("千尋", "chihiro"),
        ("直樹", "naoki"),
    ),
    "en": (
        ("Ann", "ann"),
        ("Tom", "tom"),
        ("Grace", "grace"),
        ("Leo", "leo"),
        ("Nora", "nora"),
        ("Sam", "sam"),
        ("Ivy", "ivy"),
        ("Hugh", "hugh"),
        ("Maya", "maya"),
        ("Owen", "owen"),
    ),
}
FAMILY: dict[str, tuple[tuple[str, str], ...]] = {
    "zh-TW": (
        ("陳", "chen"),
        ("林", "lin"),
        ("黃", "huang"),
        ("張", "chang"),
        ("李", "lee"),
        ("王", "wang"),
        ("吳", "wu"),
        ("劉", "liu"),
        ("蔡", "tsai"),
        ("楊", "yang"),
    ),
    "ja": (
        ("佐藤", "sato"),
        ("鈴木", "suzuki"),
        ("高橋", "takahashi"),
        ("田中", "tanaka"),
        ("伊藤", "ito"),
        ("渡辺", "watanabe"),
        ("山本", "yamamoto"),
        ("中村", "nakamura"),
    ),
    "en": (
        ("Archer", "archer"),
        ("Bell", "bell"),
        ("Carter", "carter"),
        ("Doyle", "doyle"),
        ("Ellis", "ellis"),
        ("Flynn", "flynn"),
        ("Gray", "gray"),
        ("Hale", "hale"),
    ),
}
PLACES: dict[str, tuple[tuple[str, str, str], ...]] = {  # (country, city, time zone)
    "zh-TW": (
        ("TW", "台北", "Asia/Taipei"),
        ("TW", "新北", "Asia/Taipei"),
        ("TW", "台中", "Asia/Taipei"),
        ("TW", "台南", "Asia/Taipei"),
        ("TW", "高雄", "Asia/Taipei"),
        ("TW", "花蓮", "Asia/Taipei"),
    ),
    "ja": (
        ("JP", "東京", "Asia/Tokyo"),
        ("JP", "大阪", "Asia/Tokyo"),
        ("JP", "福岡", "Asia/Tokyo"),
        ("JP", "札幌", "Asia/Tokyo"),
    ),
    "en": (
        ("SG", "Singapore", "Asia/Singapore"),
        ("HK", "Hong Kong", "Asia/Hong_Kong"),
        ("AU", "Perth", "Australia/Perth"),
        ("TW", "Taipei", "Asia/Taipei"),
    ),
}
HOURS_AHEAD = {"Asia/Taipei": 8, "Asia/Singapore": 8, "Asia/Hong_Kong": 8, "Australia/Perth": 8, "Asia/Tokyo": 9}
