package world

// Words the invented company is made of. Nobody here exists.
var (
	firsts = []string{
		"Mara", "Piet", "Ines", "Tomas", "Aiko", "Jana", "Olof", "Ewa", "Nadia", "Luca", "Petra", "Idris", "Sofie", "Marek", "Yuki",
		"Elena", "Bruno", "Katrin", "Amara", "Viktor", "Leonie", "Rafael", "Hanna", "Omar", "Greta",
	}
	lasts = []string{
		"Oduya", "Vos", "Prado", "Keller", "Mori", "Ruiz", "Berg", "Lind", "Haddad", "Conti", "Novak", "Bello", "Dahl", "Kowal", "Tanaka",
		"Petrov", "Costa", "Weber", "Diallo", "Holm", "Brandt", "Silva", "Moreau", "Aziz",
	}
	companies = []string{"Lindqvist", "Cobalt", "Marwick", "Tessel", "Orva", "Halden", "Brightwater", "Kestrel", "Novara", "Fjordline", "Pellmont", "Quarry", "Stellar", "Umber"}
	trades    = []string{"Foods", "Logistics", "Analytics", "Clinics", "Retail", "Energy", "Printing", "Optics", "Textiles", "Robotics"}
	products  = []string{"Core", "Team plan", "Forecast", "Platform", "Pilot to production"}
	titles    = []string{"Head of Sales Operations", "Chief Financial Officer", "CRM Administrator", "IT Director"}
	contexts  = []string{
		"Ran the pilot and shows the result to the board.",
		"Owns the budget line and signs the renewal.",
		"Runs the weekly import; prefers calls before noon.",
		"Was worried about data security; settled with our audit report.",
	}
	placeholders = []string{"see email", "tbd", "n/a", "siehe E-Mail", "k.A.", "voir mail", "ver correo", "ver e-mail", "\u898b\u7a4d\u53c2\u7167", "xxx", "-", "\u00a0", "asdf"}
	longNotes    = []string{
		"Signed for two years after legal dropped the exit clause; they expect the pipeline report by mid January.",
		"Procurement asked for quarterly invoices, agreed; the sponsor wants a check-in every Friday until go-live.",
		"Price held after the board meeting; IT will send the list of systems to connect before the kickoff.",
	}
)

// evidence is what AEs write, by item: vague, and good.
var evidence = map[string][2]string{
	"1.1": {"They need a better tool.", "Regional teams tracked deals in spreadsheets; the forecast view works without a consultant."},
	"1.2": {"Wants better reporting.", "The board review in September needed pipeline figures the old tool could not give; two forecasts missed by 30 %."},
	"1.3": {"Budget.", "The budget lapses on 31 December and the CFO wants the tool live for the January review."},
	"1.4": {"nothing", "Legal refused the exit clause; solved with a 90-day opt-out agreed on 4 November."},
	"1.5": {"Another vendor.", "Northwind Suite was cheaper; our audit trail tipped it."},
	"2.4": {"A sceptic in IT.", "The IT director doubted data security and was convinced by our audit report."},
	"3.1": {"They use a CRM.", "Dynamics 365 v9.2 over REST and a nightly SFTP export to SAP S/4HANA 2023."},
	"3.2": {"Some changes.", "A custom approval step for credit notes above 5,000, promised for phase one."},
	"3.3": {"In spring.", "Pilot in week 3, roll-out to 25 reps by the end of March."},
	"3.4": {"IT is busy.", "IT review takes three weeks; SSO through Entra ID; 40,000 contacts to migrate."},
	"4.1": {"Better visibility.", "First pipeline report running by day 30 and used by at least 3 reps."},
	"4.2": {"A few things.", "We promised a data export by March, which is outside the standard tier."},
	"4.3": {"When it works.", "Live means 25 reps log deals and the January board report comes from the system."},
	"4.4": {"A discount.", "10 % discount in year one only; two admin seats included."},
}
