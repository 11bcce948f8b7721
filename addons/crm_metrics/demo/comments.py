"""What the customers of the demo data say, in the language that they write.

Plain Python, no Odoo.
"""

PROMOTER, PASSIVE, DETRACTOR = "promoter", "passive", "detractor"
PRICE, SUPPORT, EASE, RELIABLE, FEATURE, START, CONTACT = TAGS = (
    "Price",
    "Support",
    "Ease of Use",
    "Reliability",
    "Missing Feature",
    "Getting Started",
    "Personal Contact",
)

#: first names of those who write Russian, and Arabic
RUSSIAN = ("Ivan", "Nadia", "Pavel", "Vera", "Viktor")
ARABIC = ("Amir", "Karim")
#: country -> language that some of its people write; the others write English
LANGUAGES = {"DE": "de", "FR": "fr", "ES": "es", "NL": "nl", "SE": "sv"}

#: bucket -> language -> (text, tags)
COMMENTS = {
    PROMOTER: {
        "en": (
            ("Support answers within the hour, every time.", (SUPPORT,)),
            ("New colleagues find their way without a manual.", (EASE, START)),
            ("It just works. Two years, not one outage that we noticed.", (RELIABLE,)),
            ("The training saved us weeks.", (START,)),
            ("Fair price for what it does.", (PRICE,)),
            ("We always talk to the same person, and she knows us.", (CONTACT,)),
            ("Everything in one place at last.", ()),
            ("Your people called before we had noticed the problem.", (SUPPORT,)),
            ("Best decision we took last year.", ()),
            ("Faster than what we had, and nobody misses the old one.", (EASE,)),
        ),
        "de": (
            ("Der Support ist schnell und freundlich.", (SUPPORT,)),
            ("Läuft seit zwei Jahren ohne eine einzige Störung.", (RELIABLE,)),
            ("Sehr guter Ansprechpartner!", (CONTACT,)),
        ),
        "fr": (
            ("Très simple à prendre en main.", (EASE, START)),
            ("Une équipe à l'écoute, merci !", (SUPPORT, CONTACT)),
        ),
        "es": (
            ("Muy fácil de usar, y el soporte responde enseguida.", (EASE, SUPPORT)),
            ("La formación fue excelente.", (START,)),
        ),
        "nl": (("Alles werkt gewoon, en de hulp is snel.", (RELIABLE, SUPPORT)),),
        "sv": (("Lätt att använda och bra support.", (EASE, SUPPORT)),),
        "ru": (
            ("Поддержка отвечает быстро и по делу.", (SUPPORT,)),
            ("Всё понятно с первого дня, спасибо!", (EASE, START)),
        ),
        "ar": (("خدمة ممتازة وفريق متعاون.", (SUPPORT, CONTACT)),),
    },
    PASSIVE: {
        "en": (
            ("Good, but the reports could be more flexible.", (FEATURE,)),
            ("Does what it should. A bit expensive for a small team.", (PRICE,)),
            ("Setting it up took longer than promised.", (START,)),
            ("Fine so far. We miss an app for the phone.", (FEATURE,)),
            ("Solid. Search could be faster.", (RELIABLE,)),
            ("Support is good once one has got hold of somebody.", (SUPPORT,)),
            ("No complaints, no surprises.", ()),
            ("Works well, the new menus are confusing though.", (EASE,)),
        ),
        "de": (
            ("Solide, aber die Auswertungen sind zu starr.", (FEATURE,)),
            ("Die Einrichtung hat länger gedauert als gedacht.", (START,)),
        ),
        "fr": (("Bien, mais un peu cher pour une petite équipe.", (PRICE,)),),
        "es": (("Está bien, pero falta una aplicación móvil.", (FEATURE,)),),
        "nl": (("Goed, maar de rapporten kunnen beter.", (FEATURE,)),),
        "sv": (("Bra, men lite dyrt för oss.", (PRICE,)),),
        "ru": (("В целом хорошо, но отчётам не хватает гибкости.", (FEATURE,)),),
        "ar": (("جيد، لكن نحتاج إلى تطبيق للهاتف.", (FEATURE,)),),
    },
    DETRACTOR: {
        "en": (
            (
                "Third ticket about the same thing. Nobody feels responsible.",
                (SUPPORT,),
            ),
            ("Prices went up and nothing got better.", (PRICE,)),
            ("Orders arrive late, and nobody tells us.", (RELIABLE,)),
            ("We buy here every other week and are treated as strangers.", (CONTACT,)),
            ("The import of our data lost half of the contacts.", (RELIABLE, START)),
            ("Waited four days for an answer.", (SUPPORT,)),
            ("Our contact person changed three times this year.", (CONTACT,)),
            ("What we were promised in the demo is still not there.", (FEATURE,)),
            ("Too complicated for what we need.", (EASE,)),
            ("Down on the last day of the quarter. Twice.", (RELIABLE,)),
            ("Small customers seem to come last.", (SUPPORT, CONTACT)),
            ("We only stay because moving is expensive.", (PRICE,)),
        ),
        "de": (
            ("Nach der Preiserhöhung stimmt das Verhältnis nicht mehr.", (PRICE,)),
            ("Auf Antworten wartet man tagelang.", (SUPPORT,)),
            ("Ständig ein neuer Ansprechpartner.", (CONTACT,)),
        ),
        "fr": (
            ("Le support ne répond jamais à la question posée.", (SUPPORT,)),
            ("Trop cher depuis l'augmentation.", (PRICE,)),
        ),
        "es": (
            ("Los pedidos llegan tarde y nadie avisa.", (RELIABLE,)),
            ("Demasiado complicado.", (EASE,)),
        ),
        "nl": (("Dagen wachten op een antwoord.", (SUPPORT,)),),
        "sv": (("För dyrt efter prishöjningen.", (PRICE,)),),
        "ru": (
            ("Цены выросли, а лучше не стало.", (PRICE,)),
            ("Ждали ответа четыре дня.", (SUPPORT,)),
        ),
        "ar": (("انتظرنا الرد أيامًا ولم يتصل بنا أحد.", (SUPPORT,)),),
    },
}


def language(name: str | None, country: str) -> str:
    """Return the language in which somebody writes, if not English."""
    first = (name or "").split(" ")[0]
    if first in RUSSIAN:
        return "ru"
    if first in ARABIC:
        return "ar"
    return LANGUAGES.get(country, "en")
