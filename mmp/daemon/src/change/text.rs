//! Changes of `banner` and `motd` (`mmp.md` section 26).

use mmp_control::{Kind, Refusal, Reply, request::Text as Ask};
use mmp_model::text::{Texts, Which};

pub fn change(texts: &mut Texts, which: Which, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    Some(match ask {
        Ask::Show => return None,
        Ask::Add(text) => {
            texts.set(which, Some(text.clone()));
            Ok(Reply::Nothing)
        }
        Ask::Del if texts.get(which).is_none() => {
            Err(Refusal::new(Kind::Absent, format!("No {} is set", which.word())))
        }
        Ask::Del => {
            texts.set(which, None);
            Ok(Reply::Nothing)
        }
    })
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    #[test]
    fn a_text_is_set_replaced_and_removed() {
        let add = |text: &str| Request::Text(Which::Motd, Ask::Add(text.parse().unwrap()));
        let settings = after(&[add("one"), add("two")]);
        assert_eq!(settings.texts.motd.unwrap().as_str(), "two");
        assert!(settings.texts.banner.is_none());
        assert_eq!(after(&[add("one"), Request::Text(Which::Motd, Ask::Del)]), clean());
        assert_eq!(refused(&clean(), &Request::Text(Which::Banner, Ask::Del)), "No banner is set");
    }
}
