use serde_json::{Value, json};

/// A complete need.
pub(crate) fn need(title: &str) -> Value {
    json!({
        "title": title,
        "summary": "报废率高，急需降低。",
        "problem": "现有球墨铸铁件气孔率高达百分之八，每月报废四十吨，需要降到百分之二以下。",
        "goal": "气孔率不高于 2%",
        "tried": "换过两种涂料，效果不明显",
        "indicators": [{ "name": "气孔率", "operator": "at_most", "value": 2, "unit": "%", "must": true }],
        "keywords": ["球墨铸铁", "气孔", "报废率"],
        "fields": ["401"],
        "industry": "C33",
        "region": "140581",
        "kind": "process_improvement",
        "cooperation": ["joint", "try_first"],
        "readiness": 6,
        "investment": { "form": "range", "low_fen": 30_000_000, "high_fen": 80_000_000 },
        "intended_partner": "晋东理工大学",
        "contact": { "name": "李伟", "phone": "13900001234" },
        "unclassified": true,
    })
}

/// A complete achievement.
pub(crate) fn achievement(title: &str) -> Value {
    json!({
        "title": title,
        "summary": "优化浇注系统与孕育处理。",
        "description": "通过浇注系统优化与瞬时孕育，球墨铸铁件气孔率由百分之七降到百分之一点五，三家铸造厂试用一年。",
        "parameters": [{ "name": "气孔率", "operator": "equals", "value": 1.5, "unit": "%" }],
        "keywords": ["球墨铸铁", "气孔", "浇注系统"],
        "fields": ["401"],
        "region": "140100",
        "readiness": 7,
        "cooperation": ["licence"],
        "contact": { "name": "周岚", "mail": "zhou@example.cn" },
        "unclassified": true,
    })
}
