"""Invented names for the demo data."""

#: country code -> (legal form, cities)
COUNTRIES = {
    "US": ("Inc.", ("Portland", "Denver", "Raleigh", "Madison", "Tucson")),
    "GB": ("Ltd", ("Leeds", "Bristol", "Norwich")),
    "DE": ("GmbH", ("Bremen", "Leipzig", "Freiburg")),
    "FR": ("SAS", ("Nantes", "Lille", "Grenoble")),
    "NL": ("B.V.", ("Utrecht", "Groningen")),
    "ES": ("S.L.", ("Valencia", "Bilbao")),
    "SE": ("AB", ("Uppsala", "Malmö")),
    "CA": ("Ltd.", ("Halifax", "Winnipeg")),
}
#: how often a country occurs
COUNTRY_WEIGHTS = (40, 16, 13, 9, 7, 6, 5, 4)

STEMS = (
    "Alderbrook Amberley Ashcombe Aurelis Bellhaven Birchmere Bluefern "
    "Brackenridge Brightwater Calderstone Candlewick Cedarline Clearford "
    "Copperleaf Corvane Cresthill Dovetail Driftmoor Eastlake Elmsworth Emberly "
    "Fairhollow Farrowgate Fernhill Foxglade Glenmarch Goldcrest Greyfield "
    "Halcyra Harborne Hartwick Hazelmere Heronsway Highmoor Hollin Inglewood "
    "Ironbark Junivale Kestrel Kingsbarrow Larkspur Lindqvar Lowenfeld Lumenora "
    "Maplehurst Marlowe Meridia Millrace Northgate Oakhaven Oriel Pebblestone "
    "Pinecrest Quillon Ravensworth Redfern Rivermark Rosewarne Rowanside "
    "Saltmarsh Silverbeck Solvane Sparrowhill Stonebridge Summerlea Tamarack "
    "Thistledown Thornbury Tidewell Umberline Valedon Verdanza Wexmoor Whitethorn "
    "Willowmere Windrush Wolfsberg Yarrow Zephyrine"
).split()

#: field of business -> external id of its industry in `base`
FIELDS = {
    "Logistics": "res_partner_industry_H",
    "Dental Group": "res_partner_industry_Q",
    "Foods": "res_partner_industry_I",
    "Engineering": "res_partner_industry_C",
    "Architects": "res_partner_industry_M",
    "Insurance": "res_partner_industry_K",
    "Energy": "res_partner_industry_D",
    "Academy": "res_partner_industry_P",
    "Media": "res_partner_industry_J",
    "Retail": "res_partner_industry_G",
    "Interiors": "res_partner_industry_F",
    "Properties": "res_partner_industry_L",
    "Legal": "res_partner_industry_M",
    "Hotels": "res_partner_industry_I",
    "Robotics": "res_partner_industry_C",
    "Clinics": "res_partner_industry_Q",
}

FIRST_NAMES = (
    "Ada Amir Anna Bruno Carla Chen Dana David Elena Emil Eva Felix Grace Hugo "
    "Ines Ivan Jana Jonas Julia Karim Laura Leo Lina Luca Maria Marta Milan Nadia "
    "Nina Oscar Paula Pavel Rosa Samuel Sara Tara Theo Uma Vera Viktor Yara"
).split()
LAST_NAMES = (
    "Abbott Bergmann Brandt Castell Dahl Delacroix Dupré Eriksen Falk Fontaine "
    "Garner Haddad Hartley Holm Ibarra Jansen Keller Kowal Laurent Lindgren "
    "Marchetti Meyer Moreau Novak Okafor Olsen Patel Quint Ramos Ritter Sandoval "
    "Schreiber Silva Sorensen Tanaka Ullman Varga Weber Winter Young"
).split()
