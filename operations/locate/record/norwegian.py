"""Norwegian (bokmål) words of a record of processing."""

from typing import Final

from facts import tokens as t
from facts.captions import NORWEGIAN
from facts.stores import End, Form
from operations.locate.identities import ADMINISTRATORS
from operations.locate.platform import IMAGES, STATE, TRAIL
from operations.locate.processing import Measure, Part
from operations.locate.readers import Means
from operations.locate.record.language import Words
from operations.locate.sources import Source

IN_NORWEGIAN: Final = Words(
    facts=NORWEGIAN,
    places={
        "eu-central-1": "Frankfurt, Tyskland",
        "eu-central-2": "Zürich, Sveits",
        "eu-north-1": "Stockholm, Sverige",
        "eu-south-1": "Milano, Italia",
        "eu-south-2": "Spania",
        "eu-west-1": "Irland",
        "eu-west-2": "London, Storbritannia",
        "eu-west-3": "Paris, Frankrike",
        "us-east-1": "Nord-Virginia, USA",
        "us-east-2": "Ohio, USA",
        "us-west-1": "Nord-California, USA",
        "us-west-2": "Oregon, USA",
    },
    forms={
        Form.DATABASE_ROWS: "Postene som brukerne deres fører i Workbuoy",
        Form.AUTOMATED_BACKUPS: "Sikkerhetskopier av disse postene",
        Form.REPLICATED_BACKUPS: "Sikkerhetskopier av disse postene, kopiert",
        Form.FINAL_SNAPSHOT: "En siste kopi av disse postene, laget når databasen slettes",
        Form.SNAPSHOT: "En kopi av disse postene",
        Form.SNAPSHOT_COPY: "En kopi av disse postene",
        Form.PERFORMANCE_DATA: "Tekster av spørringer til databasen, for å finne de trege",
        Form.OS_MONITORING: "Belastningen på databasens maskin (tall og navn på prosesser)",
        Form.OBJECT_COPY: "Filene som brukerne deres legger ved, kopiert",
        Form.TASK_MEMORY: "Det tjenesten arbeider med akkurat nå",
    },
    files={
        Form.ARCHIVED_OBJECTS: "Filene som brukerne deres legger ved, de eldre",
        Form.NONCURRENT_VERSIONS: "Tidligere og slettede versjoner av filer",
        Form.UNFINISHED_UPLOADS: "Opplastinger av filer som ikke ble ferdige",
        Form.OBJECTS: "Filene som brukerne deres legger ved",
    },
    exports={
        Form.ARCHIVED_OBJECTS: "Eksporter av dataene deres, laget for utlevering til dere, de eldre",
        Form.NONCURRENT_VERSIONS: "Tidligere og slettede versjoner av eksporter",
        Form.UNFINISHED_UPLOADS: "Opplastinger av eksporter som ikke ble ferdige",
        Form.OBJECTS: "Eksporter av dataene deres, laget for utlevering til dere",
    },
    access_log="Hvem som ba om hva, og fra hvilken nettadresse",
    logs={
        t.FLOW_LOG: "Hvilke nettadresser som snakket med hverandre",
        t.DATABASE: "Hva som skjedde i databasen: tilkoblinger, feil, trege spørringer",
        t.FUNCTION: "Når tjenestens eget passord ble byttet",
        t.TASK_DEFINITION: "Hva tjenesten gjorde: tid, slags forespørsel, kunde, utfall",
    },
    parts={Form.NONCURRENT_VERSIONS: "tidligere versjoner ", Form.UNFINISHED_UPLOADS: "uferdige "},
    ends={
        End.NONE: "finnes ikke",
        End.DELETED: "borte sammen med det",
        End.FOR_A_WHILE: "borte noe senere",
        End.STAYS: "blir til Workbuoy sletter det",
        End.BLOCKS: "kan ikke slettes før Workbuoy har tømt det",
        End.UNKNOWN: "ikke kjent",
    },
    gone_later="borte {days} senere",
    access={
        "service-task": "Selve tjenesten, et program, for den som har logget inn og har lov til å se det",
        "service-execution": "Tjenestens oppstart, et program, som bringer databasen à jour",
        "rotation": "Et program som bytter tjenestens eget passord til databasen",
        "restore": "Et program som henter data tilbake fra sikkerhetskopier, startet av Workbuoys driftspersonell",
        "export": "Et program som utleverer kundens data, startet av Workbuoys driftspersonell",
        "drill": "Et program som prøver hver uke om data kan hentes tilbake fra sikkerhetskopier",
        "observability-operators": "Workbuoys driftspersonell, mennesker, etter innlogging med en ekstra faktor",
        "operators": "Workbuoys driftspersonell, mennesker, etter innlogging med en ekstra faktor",
        "deploy": "Programmet som setter nye utgaver i drift, etter gjennomgang",
        "preview": "Programmet som viser hva en endring ville gjøre, før den gjennomgås",
        "leaving": "Workbuoys folk som tar ned en kundes systemer, etter innlogging med en ekstra faktor",
        ADMINISTRATORS: "Workbuoys administratorer av AWS-kontoen, mennesker, i en nødssituasjon eller dersom de "
        "bruker rettighetene sine til det",
    },
    means={
        Means.DIRECTLY: "",
        Means.BY_TASK: ", ved å starte et gjennomgått program, aldri for hånd",
        Means.BY_CODE: ", dersom koden det setter i drift, ble endret til det",
    },
    sources={
        Source.DECLARED: "den gjennomgåtte beskrivelsen som systemene bygges av",
        Source.REHEARSAL: "den gjennomgåtte beskrivelsen som systemene bygges av, prøvd på en testbenk",
        Source.STACK: "nedtegnelsen av det som sist ble bygget",
        Source.LIVE: "selve AWS-kontoen, gjennomsøkt denne dagen",
    },
    platform={
        STATE: "Navn og innstillinger for kundens systemer",
        TRAIL: "Hvem av Workbuoys ansatte som gjorde hva i AWS-kontoen",
        IMAGES: "Selve programmet, uten data",
    },
    companies={
        Part.CLOUD: "Driver maskinene og diskene som alt nedenfor ligger på",
        Part.REPOSITORY: "Oppbevarer programmet og filen om kunden: navn, kontakter med e-postadresser, datoer i "
        "avtalen; viser forhåndsvisninger og logger av driftssettinger, som nevner kundens systemer",
        Part.LOGIN: "Logger brukere inn og forteller Workbuoy hvem de er ({issuer})",
        Part.MAIL: "Leverer alarmer til Workbuoys vakthavende: tall og navn på systemer, ingen data om brukere",
    },
    measures={
        Measure.AT_REST: "Alt som lagres, er kryptert med nøkler som Workbuoy rår over",
        Measure.IN_TRANSIT: "Tilkoblinger til database og fillager avvises om de ikke er kryptert",
        Measure.CLOSED: "Database, fillager og tjenestens maskiner har ingen offentlig adresse",
        Measure.LEAST_RIGHTS: "Hvert program kan bare gjøre det som er nevnt, med det som er nevnt, og kan ikke "
        "utvide sine rettigheter",
        Measure.SECOND_FACTOR: "Mennesker trenger en ekstra faktor",
        Measure.BACKUPS: "Poster kan hentes tilbake til ethvert tidspunkt, og tidligere versjoner av filer beholdes",
        Measure.STANDBY: "En reserve av databasen står i et annet datasenter",
        Measure.NOT_DELETED: "Database, filer og nøkler er vernet mot å bli slettet ved en feil",
        Measure.LOGGED: "Det database, fillager og tjeneste gjør, logges",
        Measure.RENEWED: "Nøkler og tjenestens passord byttes av seg selv",
    },
    roles={"privacy": "personvern", "technical": "teknisk", "billing": "faktura"},
    texts={
        "title": "Behandlingsprotokoll",
        "made": "Laget {day} av {source}.",
        "controller": "Behandlingsansvarlig",
        "contacts": "Kontakter hos den behandlingsansvarlige",
        "processor": "Databehandler",
        "processor_contact": "Kontakt hos databehandleren",
        "not_stated": "**ikke oppgitt**",
        "signed": "Avtale inngått",
        "hold": "Bevaringsplikt",
        "held": "siden {day}: ingenting slettes eller fjernes. {reason}",
        "not_held": "Bevaringsplikten stanser ikke det som utløper etter en egen regel: {stores}.",
        "where_allowed": "Hvor dataene kan være",
        "apart": "Holdt atskilt fra andre kunder",
        "apart_silo": "Egen database, eget fillager, egne krypteringsnøkler og egen tjeneste",
        "apart_pool": "Database, fillager og nøkler deles med andre kunder; hver rad og fil bærer kundens merke",
        "why": "Hvorfor, om hvem og hvilke data",
        "purposes": "Formål: å drive Workbuoy for den behandlingsansvarlige; å sikkerhetskopiere; å holde det sikkert "
        "og finne feil.",
        "persons": "Personer: den behandlingsansvarliges brukere, og de som nevnes i det de skriver eller legger ved.",
        "users": "Data om brukere: hvem de er slik innloggingstjenesten oppgir det, tider og nettadresser for bruk.",
        "one_person": "Én persons data: utleveres eller slettes når den behandlingsansvarlige ber om det; det "
        "sikkerhetskopier ennå har om en slettet person, utløper med dem og slettes igjen i en kopi som hentes frem.",
        "records": "Data i poster og filer: det den behandlingsansvarliges brukere legger der.",
        "where": "Hvor dataene er",
        "where_head": "Hva | Sted | Kryptert med | Beholdes | Når Workbuoy sletter lageret | Delt med andre kunder",
        "yes": "ja",
        "no": "nei",
        "outside": "**utenfor det som er avtalt**",
        "accepted": "utenfor det som ellers er avtalt, godtatt: {reason}",
        "key_shared": "en av Workbuoys nøkler, delt av kundene",
        "key_own": "en nøkkel for denne kunden alene",
        "key_none": "ikke kryptert",
        "key_aws": "en nøkkel som AWS holder",
        "kept_unknown": "ikke kjent",
        "backups": "Sikkerhetskopier",
        "backup_records": "Poster: {kept}, i {place}.",
        "backup_files": "Filer: en tidligere versjon {kept}, i {place}.",
        "readers": "Hvem som kan lese dem",
        "password": "et av tjenestens passord",
        "platform": "Hvor Workbuoys egne systemer er",
        "platform_head": "Hva | Sted | Beholdes",
        "measures": "Tiltak",
        "holds": "gjelder",
        "holds_but": "gjelder; unntak som er godtatt, hvert med sin grunn: {number}",
        "not_shown": "**ikke vist**",
        "measures_head": "Tiltak | Ifølge kontrollene denne dagen",
        "companies": "Underleverandører og overføringer",
        "companies_head": "Foretak | Etablert i | Hva det gjør | Avtale og grunnlag for overføring",
        "in_eea": "{country}, i EØS",
        "outside_eea": "{country}, utenfor EØS",
        "own_login": "Brukerne logger inn hos den behandlingsansvarliges egen innloggingstjeneste ({issuer}), som ikke "
        "er noen underleverandør.",
        "stored_in": "Lagret i {places}.",
        "stored_outside": "Utenfor det som er avtalt: {what} i {place}.",
        "nothing_outside": "Lagret utenfor det som er avtalt: ingenting.",
        "limits": "Hva denne protokollen ikke beviser",
        "limit_declared": "Den er laget av en beskrivelse av systemene, ikke ved å se inn i dem denne dagen.",
        "limit_readers": "Hvem som kan lese, er bedømt etter rettighetene slik de er beskrevet; AWS' egne ansatte og "
        "løfter er ikke bedømt.",
        "limit_content": "Hva brukerne skriver i fritekst og filer, er ikke kjent.",
        "limit_copies": "Kopier som brukere laster ned, og det som går ut i e-post hos den behandlingsansvarlige selv, "
        "er ikke omfattet.",
        "limit_companies": "Hva underleverandører gjør, er oppgitt etter avtale og ikke ettersett.",
    },
)
