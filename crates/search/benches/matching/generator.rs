use std::fmt::Write as _;

/// Listings of realistic length and vocabulary, the same ones for the same seed.
///
/// Words are technical compounds (material, thing, process, effect) and, between them, a large
/// vocabulary of made-up words; all drawn by rank with a probability of about 1 / rank, as words of
/// real texts are (Zipf's law).
pub(crate) struct Generator {
    state: u64,
    compounds: Vec<String>,
    vocabulary: Vec<String>,
}

/// How many words are made up.
const VOCABULARY: usize = 40_000;
/// From how many characters, the first ones likelier.
const CHARACTERS: usize = 3_500;

const MATERIALS: &str = "球墨铸铁 灰铸铁 高锰钢 铝合金 镁合金 钛合金 石墨烯 陶瓷 无烟煤 焦炉煤气 煤矸石 粉煤灰 \
    煤层气 瓦斯 甲醇 合成氨 尿素 腐植酸 桑蚕丝 柞蚕丝 丝素蛋白 甘薯 红薯淀粉 生猪 猪粪 沼液 桑叶 玉米秸秆 \
    磷酸铁锂 钠离子 全钒液流 超级电容 飞轮 压缩空气 氢气 二氧化碳 硫化氢 氨氮 矿井水 含油废水 混凝土 沥青 \
    环氧树脂 聚氨酯 碳纤维 玄武岩纤维 活性炭 分子筛 催化剂 稀土 铜基粉末 不锈钢 高分子膜 生物质";
const THINGS: &str = "管件 缸体 阀门 轴承 齿轮 电池 电极 隔膜 储能柜 逆变器 传感器 控制器 机器人 输送带 液压支架 \
    采煤机 钻孔 巷道 锅炉 换热器 反应器 吸附塔 精馏塔 过滤器 喷嘴 模具 涂层 薄膜 粉体 颗粒 饲料 菌剂 种苗 面料 \
    染料 浆料 废渣 尾气 废水 平台 算法 模型 系统 软件 芯片 光纤 激光器 雷达 无人机 温室";
const PROCESSES: &str = "熔炼 浇注 热处理 淬火 焊接 熔覆 喷涂 烧结 挤压 切削 磨削 抛光 检测 监测 识别 预测 调度 优化 \
    控制 分选 浮选 脱硫 脱硝 脱盐 除尘 提纯 浓缩 干燥 发酵 酶解 萃取 吸附 催化 气化 液化 重整 电解 封装 均衡 充放电 \
    回收 再生 贮藏 保鲜 育种 脱毒 染色 织造 缫丝 印花";
const EFFECTS: &str = "降低能耗 提高强度 减少废品 延长寿命 自动化 在线化 智能化 国产替代 低成本 高效率 高精度 轻量化 \
    耐腐蚀 耐高温 耐磨损 零排放 无人值守 快速 稳定 安全 绿色 柔性 模块化 小型化";
const FILLERS: &str = "目前 企业 现有 工艺 存在 问题 需要 解决 技术 研发 采用 实现 达到 以上 以下 通过 进行 要求 指标 \
    设备 生产 产品 质量 成本 应用 开发 关键 合作 能够 提供";

impl Generator {
    pub(crate) fn seeded(state: u64) -> Self {
        let mut compounds = Vec::new();
        for material in MATERIALS.split_whitespace() {
            for thing in THINGS.split_whitespace() {
                compounds.push(format!("{material}{thing}"));
            }
            for process in PROCESSES.split_whitespace() {
                compounds.push(format!("{material}{process}"));
            }
        }
        for thing in THINGS.split_whitespace() {
            for process in PROCESSES.split_whitespace() {
                compounds.push(format!("{thing}{process}"));
            }
        }
        let mut generator = Self { state, compounds, vocabulary: Vec::new() };
        generator.shuffle();
        generator.vocabulary = (0..VOCABULARY).map(|_| generator.made_up()).collect();
        generator
    }

    /// A title of about 20 and a body of about 300 characters.
    pub(crate) fn listing(&mut self) -> (String, String) {
        // What a listing is about comes up again and again in it.
        let about: Vec<String> = (0..3).map(|_| self.compound()).collect();
        let effect = self.one_of(EFFECTS);
        let title = format!("{}{}{effect}技术", about.concat(), self.one_of(PROCESSES));
        let mut body = String::new();
        while body.chars().count() < 300 {
            let (filler, other) = (self.one_of(FILLERS), self.one_of(FILLERS));
            let topic = self.rank(about.len() + 1);
            let word = about.get(topic).cloned().unwrap_or_else(|| self.compound());
            let (number, effect) = (self.below(1000), self.one_of(EFFECTS));
            let (one, two) = (self.word(), self.word());
            write!(body, "{filler}{word}{one}{other}{effect}{two}{number}，").unwrap();
        }
        (title, body)
    }

    /// Words as someone types them.
    pub(crate) fn words(&mut self, count: usize) -> String {
        let words: Vec<String> = (0..count)
            .map(|_| match self.below(2) {
                0 => self.one_of(MATERIALS),
                _ => self.one_of(PROCESSES),
            })
            .collect();
        words.join(" ")
    }

    fn word(&mut self) -> String {
        let at = self.rank(self.vocabulary.len());
        self.vocabulary.get(at).cloned().unwrap_or_default()
    }

    /// Two to four characters. Common and rare ones lie all over the block: neighbours are 37 apart.
    fn made_up(&mut self) -> String {
        let length = 2 + self.rank(3);
        let character = |rank: usize| {
            let at = u32::try_from(rank * 37 % 20_000).unwrap_or_default();
            char::from_u32(0x4e00 + at).unwrap_or('一')
        };
        (0..length).map(|_| character(self.rank(CHARACTERS))).collect()
    }

    fn compound(&mut self) -> String {
        let at = self.rank(self.compounds.len());
        self.compounds.get(at).cloned().unwrap_or_default()
    }

    fn one_of(&mut self, words: &str) -> String {
        let at = self.rank(words.split_whitespace().count());
        words.split_whitespace().nth(at).unwrap_or_default().to_owned()
    }

    /// A place below `end`, the first ones likelier: the logarithm of a place is even.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of thousands"
    )]
    fn rank(&mut self, end: usize) -> usize {
        let even = self.below(1 << 32) as f64 / (1_u64 << 32) as f64;
        (((end as f64 + 1.0).powf(even) - 1.0) as usize).min(end - 1)
    }

    fn shuffle(&mut self) {
        for at in (1..self.compounds.len()).rev() {
            let other = usize::try_from(self.below(u64::try_from(at).unwrap() + 1)).unwrap();
            self.compounds.swap(at, other);
        }
    }

    /// A number below `end`, by the generator xorshift64 (Marsaglia 2003).
    const fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }
}
