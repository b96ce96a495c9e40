"""From typed text to tokens: one view of every script's letters, digits and marks, with offsets into what was typed.

A token is a run of letters with their marks, a run of digits, or a single sign. Scripts that write without spaces
(Thai, Lao, Khmer, Burmese, Han, kana) give one token a letter, so that all scripts share one engine. Every word has two
forms: `text`, lower case as typed, and `plain`, without what people leave out, stretch or mix up when they type in a
hurry. Pictures and invisible characters give no token.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

import msgspec

from livesell.model import READ_LIMIT

Kind = Literal["word", "number", "sign"]


class Token(msgspec.Struct, frozen=True, gc=False):
    """A piece of a comment.

    `start` and `end` are offsets into the typed text, `glued` means that no space stands before it. Of a number, `text`
    has ASCII digits with the dots and commas that were typed between them. `marks` are the marks on Latin letters that
    `plain` leaves out, "" where there are none.
    """

    text: str
    plain: str
    marks: str
    kind: Kind
    start: int
    end: int
    glued: bool


HAN = (
    "万萬与與专專业業丛叢东東丝絲丢丟两兩严嚴丧喪个個丰豐临臨为為丽麗举舉么麼义義乌烏乐樂乔喬习習乡鄉书書买買乱亂争爭于於亏虧云雲亚亞产產亩畝亲親亿億仅僅从從"
    "仑崙仓倉仪儀们們价價众眾优優会會伞傘伟偉传傳伤傷伦倫伪偽体體余餘佣傭侠俠侣侶侧側侨僑俩倆俭儉债債倾傾偿償储儲儿兒兑兌党黨兰蘭关關兴興养養兽獸冈岡册冊写寫"
    "军軍农農冲沖决決况況冻凍净淨凉涼减減凑湊几幾凤鳳凭憑凯凱击擊刘劉则則刚剛创創删刪别別刹剎剂劑剐剮剑劍剥剝剧劇劝勸办辦务務动動励勵劲勁劳勞势勢勋勳匀勻区區医醫"
    "华華协協单單卖賣卢盧卫衛却卻厂廠厅廳历歷厉厲压壓厌厭厕廁厘釐厢廂厦廈厨廚县縣参參双雙发發变變叙敘叠疊叶葉号號叹嘆吁籲吓嚇吗嗎启啟吴吳呐吶呕嘔员員呛嗆呜嗚咏詠"
    "咙嚨咸鹹响響哑啞哗嘩哟喲唤喚啧嘖啬嗇啰囉啸嘯喷噴嘱囑团團园園围圍国國图圖圆圓圣聖场場坏壞块塊坚堅坛壇坝壩坞塢坟墳坠墜垄壟垒壘垦墾垫墊堑塹墙牆壮壯声聲壳殼壶壺"
    "处處备備复復够夠头頭夹夾夺奪奋奮奖獎奥奧妆妝妇婦妈媽姗姍娇嬌娱娛婴嬰婶嬸孙孫学學宁寧宝寶实實宠寵审審宪憲宫宮宽寬宾賓对對寻尋导導寿壽将將尔爾尘塵尝嘗尧堯尴尷"
    "尽盡层層届屆属屬岁歲岂豈岗崗岛島岭嶺峡峽币幣帅帥师師帐帳帘簾帜幟带帶帧幀帮幫库庫应應庙廟庞龐废廢开開异異弃棄张張弥彌弯彎弹彈强強归歸当當录錄彻徹径徑御禦忆憶忧憂"
    "怀懷态態怜憐总總恋戀恳懇恶惡恼惱悦悅悬懸惊驚惧懼惨慘惩懲惫憊惯慣愿願懒懶戏戲战戰户戶扑撲执執扩擴扫掃扬揚扰擾抚撫抛拋抢搶护護报報担擔拟擬拢攏拣揀拥擁拦攔拧擰拨撥"
    "择擇挂掛挚摯挡擋挤擠挥揮捞撈损損捡撿换換据據捷捷掳擄掷擲掸撣掺摻揽攬搀攙搁擱搂摟搅攪携攜摄攝摆擺摇搖摊攤撑撐数數斋齋斗鬥斩斬断斷无無旧舊时時旷曠昙曇昼晝显顯晋晉晒曬"
    "晓曉晕暈暂暫术術机機杀殺杂雜权權条條来來杨楊极極构構枪槍枣棗柜櫃标標栈棧栋棟栏欄树樹样樣桥橋桨槳桩樁梦夢检檢楼樓榄欖横橫樱櫻欢歡欧歐歼殲残殘殴毆毁毀毕畢毙斃毡氈气氣"
    "汇匯汉漢汤湯沟溝没沒沥瀝沧滄沪滬泪淚泻瀉泼潑泽澤洁潔洒灑浅淺浆漿浇澆浊濁测測济濟浑渾浓濃涂塗涛濤涝澇涡渦润潤涨漲涩澀渊淵渐漸渔漁温溫游遊湾灣湿濕滚滾满滿滤濾滨濱滩灘"
    "潜潛澜瀾灭滅灯燈灵靈灾災灿燦炉爐炖燉点點炼煉炸炸烁爍烂爛烛燭烟煙烦煩烧燒烫燙热熱焕煥爱愛爷爺牵牽犹猶狈狽独獨狭狹狮獅狱獄猎獵猪豬猫貓献獻玛瑪环環现現珐琺琐瑣电電画畫畅暢"
    "疗療疯瘋疱皰痒癢痪瘓瘫癱癣癬皱皺盏盞盐鹽监監盖蓋盗盜盘盤着著睁睜瞒瞞矫矯矿礦码碼砖磚础礎硕碩确確礼禮祸禍禅禪离離种種积積称稱稳穩穷窮窃竊窍竅窝窩竞競笔筆笋筍笼籠筑築"
    "筛篩筹籌签簽简簡箩籮篮籃类類粤粵粪糞粮糧紧緊纠糾红紅纤纖约約级級纪紀纬緯纯純纱紗纲綱纳納纵縱纷紛纸紙纹紋纺紡线線练練组組绅紳细細织織终終绍紹经經绑綁绒絨结結绕繞绘繪给給"
    "络絡绝絕统統绢絹绣繡继繼绩績绪緒续續绳繩维維绵綿绷繃绸綢综綜绿綠缀綴缅緬缆纜缎緞缓緩编編缘緣缝縫缠纏缩縮缴繳网網罗羅罚罰罢罷羞羞职職联聯聪聰肃肅肠腸肤膚肾腎肿腫胀脹胁脅胆膽"
    "胜勝胶膠脉脈脏髒脑腦脚腳脱脫脸臉腊臘腻膩腾騰舍捨舰艦艰艱艳豔艺藝节節芦蘆苍蒼苏蘇苹蘋茎莖荐薦荡蕩荣榮药藥莱萊莲蓮获獲莹瑩营營萝蘿萧蕭萨薩蓝藍蔷薔蕴蘊虑慮虫蟲虽雖虾蝦蚀蝕蚁蟻蛮蠻"
    "蜗蝸蜡蠟蝇蠅蝉蟬补補衬襯袄襖袜襪袭襲装裝裤褲见見观觀规規觅覓视視览覽觉覺触觸誉譽计計订訂认認讨討让讓训訓议議讯訊记記讲講许許论論设設访訪证證评評识識诈詐诉訴词詞译譯试試诗詩"
    "诚誠话話诞誕询詢该該详詳语語误誤说說请請诸諸读讀课課谁誰调調谅諒谈談谊誼谋謀谎謊谜謎谢謝谣謠谦謙谨謹谱譜贝貝负負财財责責贤賢败敗货貨质質贩販贪貪购購贯貫贱賤贴貼贵貴贷貸贸貿费費"
    "贺賀贼賊资資赏賞赔賠赖賴赚賺赛賽赞讚赠贈赵趙赶趕趋趨跃躍践踐踪蹤车車轨軌转轉轮輪软軟轻輕载載较較辅輔辆輛辈輩辉輝输輸辞辭边邊达達迁遷过過迈邁运運还還这這进進远遠违違连連迟遲适適选選"
    "递遞逻邏遗遺邓鄧邮郵邻鄰郑鄭酱醬酿釀释釋里裡鉴鑑针針钉釘钓釣钙鈣钞鈔钟鐘钢鋼钥鑰钩鉤钱錢钻鑽铁鐵铃鈴铅鉛铜銅铝鋁银銀铺鋪链鏈销銷锁鎖锅鍋锈鏽锋鋒锐銳错錯锡錫锦錦键鍵镇鎮镜鏡长長门門"
    "闪閃闭閉问問闯闖闲閒间間闷悶闹鬧闻聞阁閣阅閱阔闊队隊阳陽阴陰阵陣阶階际際陆陸陈陳险險随隨隐隱难難雏雛雾霧霉黴静靜面面韩韓页頁顶頂项項顺順须須顾顧顿頓预預领領频頻颗顆题題颜顏额額风風飘飄"
    "飞飛饥飢饭飯饮飲饰飾饱飽饼餅饿餓馆館馒饅马馬驾駕骂罵骄驕验驗骗騙骨骨髋髖鱼魚鲁魯鲜鮮鸟鳥鸡雞鸣鳴鸭鴨鹅鵝鹰鷹麦麥黄黃齐齊齿齒龄齡龙龍龟龜台臺ㄧ一裏裡喔哦囗口双雙卤滷猕獼萝蘿卜蔔鳯鳳菓果羣群峯峰綉繡麪麵粬麴柺拐凤鳳粽粽饺餃"
    "馄餛饨飩虾蝦鲍鮑鱿魷蛎蠣蛏蟶酥酥糍糍鲳鯧鲑鮭鳗鰻鲈鱸蚬蜆坛壇瓮甕罐罐碱鹼帐帳枣棗栗栗桂桂榴榴梿槤芒芒柠檸檬檬苓苓参參莼蓴蒜蒜葱蔥姜薑"
)
"""Simplified letters, each followed by the traditional one that it is read as."""

DEVANAGARI = "ीिूुईइऊउणनशसषसँंऑओॉाञन"
CYRILLIC = "аaвbеeкkмmнhоoрpсcтtхxуyіi"

PAIRS = {ord(table[at]): table[at + 1] for table in (HAN, DEVANAGARI, CYRILLIC) for at in range(0, len(table) - 1, 2)}
PAIRS.update({ord(one): other for one, other in zip("ীূঈঊণশষৎ", "িুইউনসসত", strict=True)})
PAIRS.update({0x09DC: "র", 0x09DD: "র", 0x09DF: "য"})  # ড় ঢ় য়
PAIRS.update({ord("đ"): "d", ord("ð"): "d", ord("ł"): "l", ord("ø"): "o", ord("ı"): "i", ord("ß"): "s", ord("æ"): "e"})
"""Letter -> the one it is read as, by code point."""

DROPPED = frozenset("\u0981\u09bc\u093c\u0983")
"""Indic dots that are left out or kept at random: chandrabindu, nukta, visarga."""

SPACELESS = (
    "\u0e00-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u0e80-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6"  # Lao
    "\u1000-\u102a\u1780-\u17b3"  # Burmese, Khmer
    "\u3005\u3007\u3040-\u3098\u309b-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana, bopomofo, Han
)
INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\ud800-\udfff\U000e0000-\U000e0fff]"
)
OTHER_NUMBERS = re.compile(
    "[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2473\u2776-\u277f\U0001f51f]"
)
SIGNS = {
    "×": "x", "✕": "x", "✖": "x", "⨉": "x", "＊": "*", "➕": "+", "﹢": "+", "＋": "+", "，": ",", "、": ",", "。": ".",
    "？": "?",
    "！": "!", "؟": "?", "：": ":", "；": ";", "（": "(", "）": ")", "／": "/", "＃": "#", "＠": "@", "＝": "=",
    "…": ".",
    "।": ".",
    "–": "-", "—": "-", "－": "-", "～": "-", "~": "-", "→": "→", "➡": "→", "⇒": "→", "»": "→", "＆": "&", "｜": "|",
    "％": "%",
    "．": ".", "·": ".", "•": ",", "“": '"', "”": '"', "「": '"', "」": '"', "￥": "¥", "＄": "$", "¿": "", "¡": "",
}  # fmt: skip
KEPT = frozenset("+*=:;,.?!/()[]#@&%$<>\"'|-→x\n{}€£¥₫৳฿₱₹₩_^")


def _marks() -> str:
    """All combining marks of the scripts in use, as a character class."""
    points = [point for point in range(0x300, 0x1E00) if unicodedata.category(chr(point))[0] == "M"]
    points += [point for point in range(0xA600, 0xAC00) if unicodedata.category(chr(point))[0] == "M"]
    return "".join(map(chr, points)) + "\u3099\u309a"


MARKS = _marks()
LETTER = f"[^\\W\\d_{SPACELESS}]"
TOKENS = re.compile(
    f"{LETTER}(?:{LETTER}|[{MARKS}]|['’ʼ](?={LETTER}))*"
    f"|[{SPACELESS}][{MARKS}]*"
    r"|\d+(?:[.,٫]\d+)*"
    r"|\n|[^\w\s]"
)
ASCII_TOKENS = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|\d+(?:[.,]\d+)*|\n|[^\w ]")


def stands_alone(letter: str) -> bool:
    """True for a letter of a script that writes no spaces."""
    return _ALONE.match(letter) is not None


_ALONE = re.compile(f"[{SPACELESS}]")


def tokenise(text: str) -> list[Token]:
    """The tokens of a text, of its first 1,000 characters; any string will do."""
    if len(text) > READ_LIMIT:
        text = text[:READ_LIMIT]
    if text.isascii():
        return _tokens(ASCII_TOKENS, text, None) if "\x00" not in text else _clean(text)
    if INVISIBLE.search(text) or OTHER_NUMBERS.search(text):
        return _clean(text)
    return _tokens(TOKENS, text, None)


def _clean(text: str) -> list[Token]:
    """The tokens of a text with invisible characters, whose places are kept."""
    kept: list[str] = []
    places: list[int] = []
    for at, letter in enumerate(text):
        if INVISIBLE.match(letter):
            continue
        if letter == "\U0001f51f":
            letter = "10"
        elif OTHER_NUMBERS.match(letter):
            number = unicodedata.numeric(letter)
            letter = str(int(number)) if number == int(number) else {0.5: " 1/2", 0.25: " 1/4"}.get(number, " 3/4")
        kept.append(letter)
        places.extend([at] * len(letter))
    places.append(len(text))
    return _tokens(TOKENS, "".join(kept), places)


Piece = tuple[str, str, str, Kind, int]
"""What a piece of text becomes wherever it stands: a token's text, plain form, marks and kind, and what is special.

Special are 0: nothing; 1: no token at all; 2: a letter that stands alone and may be stretched; more: the script changes
at that letter less three.
"""

REMEMBERED = 50_000
"""Pieces that are remembered, so that the words of a chat are folded once."""

_pieces: dict[str, Piece] = {}


def _piece(raw: str) -> Piece:
    """What a piece is, remembered."""
    first = raw[0]
    found: Piece
    if first.isdecimal():
        digits = raw if raw.isascii() else "".join(_DIGIT(letter) for letter in raw)
        found = (digits, digits, "", "number", 0)
    elif _ALONE.match(first):
        found = (*fold(raw), "word", 2)
    elif first.isalnum():
        found = (*fold(raw), "word", 0)
        if not raw.isascii() and (cut := _script_change(raw)):
            found = (raw, "", "", "word", cut + 3)
    else:
        sign = SIGNS.get(raw, raw)
        if sign == "x":
            found = ("x", "x", "", "word", 0)
        else:
            found = (sign, sign, "", "sign", 0 if sign and sign in KEPT else 1)
    if len(_pieces) >= REMEMBERED:
        _pieces.clear()
    _pieces[raw] = found
    return found


def _tokens(pattern: re.Pattern[str], text: str, places: list[int] | None) -> list[Token]:
    found: list[Token] = []
    last = 0
    repeated = 0
    known, find = _pieces.get, text.find
    for raw in pattern.findall(text):
        # Between two pieces stands only what no piece can begin with, so the next place is the piece's own.
        start = find(raw, last)
        glued = start == last and start > 0
        last = start + len(raw)
        folded, bare, marks, kind, special = known(raw) or _piece(raw)
        if places is None:
            begin, finish = start, last
        else:
            begin, finish = places[start], places[last - 1] + 1
        if special:
            if special == 1:
                continue
            if special == 2:
                if found and found[-1].text == folded and glued:
                    repeated += 1
                    if repeated >= 2:
                        # A letter stretched for feeling: all but one go.
                        if repeated == 2:
                            found.pop()
                        continue
                else:
                    repeated = 0
            else:
                # Two scripts written together, as in "cfকরেন", are two words.
                cut = special - 3
                middle = begin + cut if places is None else places[start + cut]
                folded, bare, marks = fold(raw[:cut])
                found.append(Token(folded, bare, marks, "word", begin, middle, glued))
                begin, glued = middle, True
                folded, bare, marks = fold(raw[cut:])
        found.append(Token(folded, bare, marks, kind, begin, finish, glued))
    return found


@lru_cache(maxsize=256)
def _DIGIT(letter: str) -> str:  # noqa: N802
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else "." if letter in ".٫" else letter


@lru_cache(maxsize=16_384)
def _script_change(raw: str) -> int:
    """Where a word changes between Latin letters and another script's, 0 where it does not."""
    latin = ord(raw[0]) < 0x0370
    for at, letter in enumerate(raw):
        if (ord(letter) < 0x0370 or 0x1E00 <= ord(letter) < 0x1F00 or letter in "’ʼ" or ord(letter) > 0xFF00) != latin:
            return 0 if ord(letter) > 0xFF00 or (0x300 <= ord(letter) < 0x370) else at
    return 0


@lru_cache(maxsize=32_768)
def fold(raw: str) -> tuple[str, str, str]:
    """A word in lower case, its plain form, and the marks that the plain form leaves out."""
    if raw.isascii():
        text = raw.lower().replace("'", "")
        return text, squeeze(text), ""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", raw).lower())
    text = text.replace("'", "").replace("’", "").replace("ʼ", "")
    if not text:
        return raw, raw, ""
    first = ord(text[0])
    if first < 0x0370 or 0x1E00 <= first < 0x1F00:
        letters: list[str] = []
        marks: list[str] = []
        for letter in unicodedata.normalize("NFD", text):
            if "\u0300" <= letter < "\u0370":
                marks.append(letter)
            elif letter in "đðłøıßæ":
                letters.append(PAIRS[ord(letter)])
                marks.append(letter)
            else:
                letters.append(letter)
        return text, squeeze("".join(letters)), "".join(sorted(marks))
    if 0x0E00 <= first < 0x0F00:
        return text, text, ""
    bare = "".join(letter for letter in text.translate(PAIRS) if letter not in DROPPED)
    return text, squeeze(bare) or text, ""


def squeeze(word: str) -> str:
    """A word without what is stretched: a letter three times in a row is one, and "kakk", "yaa" lose the last."""
    if len(word) < 3:
        return word
    if STRETCHED.search(word):
        short = STRETCHED.sub(r"\1", word)
        return short if len(short) > 1 else word[:2]
    return word


STRETCHED = re.compile(r"(\D)\1{2,}")


def shortened(word: str) -> str:
    """A word without any doubled letter, for words that are known in no other form: "kakk", "yaa"."""
    return DOUBLED.sub(r"\1", word)


DOUBLED = re.compile(r"(\D)\1+")
