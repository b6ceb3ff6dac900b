/** The words on the page, in the visitor's language. */

export type Language = "en" | "zh-TW" | "ja";
export type Words = Record<string, string>;
export const LANGUAGES: ReadonlyArray<[Language, string]> = [
  ["zh-TW", "繁體中文"],
  ["ja", "日本語"],
  ["en", "English"],
];

const SHARED: Record<Language, Words> = {
  en: {
    simulated: "Simulated",
    simulated_why: "The people, sales and plays in this shop are made up by a simulator.",
    language: "Language",
    dark: "Dark",
    light: "Light",
    sign_in: "Sign in",
    sign_in_lead: "Any name will do. What you did before you signed in stays yours.",
    sign_in_name: "Your name",
    sign_in_do: "Sign in",
    sign_out: "Sign out",
    signed_in: "Signed in as {name}",
    close: "Close",
    back: "Back",
    search: "Search",
    results: "{count} results for “{query}”",
    no_results: "Nothing is called “{query}”. Try fewer letters.",
    trouble: "The shop does not answer.",
    retry: "Try again",
    nothing: "The shelves are still empty. They fill as soon as the catalogue is in.",
    earlier: "Earlier in this row",
    later: "Further along this row",
    footer: "A demo shop. What you click goes through the same door as everyone’s.",
    watch: "Watch it arrive",
    popular: "Popular right now",
    trending: "Rising",
    favourite: "Because you like {tag}",
    similar: "Close to {title}",
    because_you: "Because of {title}",
    shelf_home: "For you",
    shelf_popular: "Everybody’s favourites",
    shelf_discover: "New to you",
    shelf_trending: "Rising this week",
  },
  "zh-TW": {
    simulated: "模擬資料",
    simulated_why: "這間店裡的人、購買與播放，都是模擬器產生的。",
    language: "語言",
    dark: "深色",
    light: "淺色",
    sign_in: "登入",
    sign_in_lead: "隨便一個名字都行。登入前逛過的，一樣算你的。",
    sign_in_name: "你的名字",
    sign_in_do: "登入",
    sign_out: "登出",
    signed_in: "你好，{name}",
    close: "關閉",
    back: "返回",
    search: "搜尋",
    results: "「{query}」找到 {count} 筆",
    no_results: "找不到「{query}」，少打幾個字試試。",
    trouble: "店裡暫時沒有回應。",
    retry: "再試一次",
    nothing: "架上還沒有東西，目錄匯入後就會擺滿。",
    earlier: "往前看",
    later: "往後看",
    footer: "這是示範用的店。你點的每一下，都跟大家走同一道門。",
    watch: "看它怎麼進來",
    popular: "現在正熱門",
    trending: "正在竄起",
    favourite: "因為你喜歡{tag}",
    similar: "和《{title}》很像",
    because_you: "因為《{title}》",
    shelf_home: "為你推薦",
    shelf_popular: "大家都喜歡",
    shelf_discover: "你還沒聽過",
    shelf_trending: "本週竄起",
  },
  ja: {
    simulated: "シミュレーション",
    simulated_why: "この店の人・購入・再生は、シミュレーターが作ったものです。",
    language: "言語",
    dark: "ダーク",
    light: "ライト",
    sign_in: "ログイン",
    sign_in_lead: "名前は何でもかまいません。ログイン前の行動も、あなたのものとして残ります。",
    sign_in_name: "お名前",
    sign_in_do: "ログイン",
    sign_out: "ログアウト",
    signed_in: "{name} さん",
    close: "閉じる",
    back: "戻る",
    search: "検索",
    results: "「{query}」の検索結果 {count} 件",
    no_results: "「{query}」は見つかりません。文字を減らしてみてください。",
    trouble: "店が応答していません。",
    retry: "もう一度",
    nothing: "棚はまだ空です。カタログが入ると並びます。",
    earlier: "前へ",
    later: "次へ",
    footer: "デモ用の店です。クリックは、ほかの人と同じ入口を通ります。",
    watch: "届く様子を見る",
    popular: "いま人気",
    trending: "上昇中",
    favourite: "{tag} が好きなあなたに",
    similar: "「{title}」に近い",
    because_you: "「{title}」から",
    shelf_home: "あなたに",
    shelf_popular: "みんなのお気に入り",
    shelf_discover: "はじめて出会う",
    shelf_trending: "今週の上昇",
  },
};

function preferred(): Language {
  const kept = localStorage.getItem("demo_language") as Language | null;
  if (kept && kept in SHARED) return kept;
  for (const wanted of navigator.languages) {
    if (wanted.toLowerCase().startsWith("zh")) return "zh-TW";
    if (wanted.toLowerCase().startsWith("ja")) return "ja";
    if (wanted.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

export const language: Language = preferred();

export function choose(next: string): void {
  localStorage.setItem("demo_language", next);
  location.reload();
}

/** Return a function that says a word of the page or of all pages, with `{names}` filled in. */
export function speaker(page: Record<Language, Words>): (key: string, values?: Record<string, string | number>) => string {
  const known: Words = { ...SHARED[language], ...page[language] };
  return (key, values = {}) =>
    (known[key] ?? key).replace(/\{(\w+)\}/gu, (_, name: string) => String(values[name] ?? ""));
}

export type Say = ReturnType<typeof speaker>;
