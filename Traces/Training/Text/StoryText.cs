using System.Text;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Text;

/// <summary>
/// A short story that is true to itself: people walk between places, things are found, given and hidden, and whoever asks
/// later is told where they are.
/// </summary>
internal sealed class StoryText
{
    private readonly SeededRandom _random;
    private readonly StringBuilder _text = new();
    private readonly List<Person> _people = [];
    private readonly List<Thing> _things = [];
    private readonly string[] _places;
    private Person? _last;
    private bool _felt;

    private StoryText(SeededRandom random)
    {
        _random = random;
        _places = random.PickSome(StoryWords.Places, random.Next(3, 4));
        foreach ((string name, bool she) in random.PickSome(StoryWords.People, random.Next(2, 3)))
        {
            _people.Add(new Person(name, she ? "she" : "he", random.Pick(StoryWords.Trades), random.Pick(_places)));
        }

        foreach (string noun in random.PickSome(StoryWords.Things, random.Next(1, 3)))
        {
            string kind = random.Chance(70) ? random.Pick(StoryWords.Colours) : random.Pick(StoryWords.Qualities);
            _things.Add(new Thing($"{kind} {noun}", random.Pick(_places)));
        }
    }

    /// <summary>Writes one story.</summary>
    public static string Write(SeededRandom random) => new StoryText(random).Tell();

    private string Tell()
    {
        Person hero = _people[0];
        Say($"{_random.Pick(StoryWords.Times)} {hero.Name} the {hero.Trade} was at the {hero.Place}.");
        if (_random.Chance(60))
        {
            Say(_random.Pick(StoryWords.Weather));
        }

        foreach (Person other in _people.Skip(1))
        {
            Say($"{other.Name} the {other.Trade} was at the {other.Place}{(other.Place == hero.Place ? " too" : "")}.");
        }

        foreach (Thing thing in _things)
        {
            Say($"A {thing.Name} {_random.Pick(["lay", "was waiting", "had been forgotten", "could be seen"])} at the {thing.Place}.");
        }

        int events = _random.Next(4, 10);
        for (int i = 0; i < events; i++)
        {
            Happen(_random.Pick(_people));
        }

        Ask(_random.Pick(_people), _random.Pick(_things));
        Say(_random.Pick(StoryWords.Endings));
        return _text.ToString();
    }

    private void Happen(Person person)
    {
        Thing? own = _things.Find(thing => thing.Owner == person);
        Thing? here = _things.Find(thing => thing.Owner is null && thing.Place == person.Place && !thing.Hidden);
        Person? company = _people.Find(other => other != person && other.Place == person.Place);
        int choice = _random.Next(100);
        bool felt = _felt;
        _felt = false;
        if (here is not null && own is null && choice < 65)
        {
            here.Owner = person;
            Say(_random.Chance(50) ? $"{Subject(person)} found the {here.Name} and took it." : $"At the {person.Place} {person.Name} picked up the {here.Name}.");
            _last = person;
        }
        else if (own is not null && company is not null && choice < 30)
        {
            own.Owner = company;
            Say($"{Subject(person)} gave the {own.Name} to {company.Name}. \"Thank you, {person.Name},\" said {company.Name}.");
            _last = null;
        }
        else if (own is not null && choice < 55)
        {
            own.Owner = null;
            own.Place = person.Place;
            own.Hidden = true;
            own.HiddenBy = person;
            Say($"{Subject(person)} hid the {own.Name} in the {person.Place}, where nobody would look for it.");
        }
        else if (company is not null && choice < 70)
        {
            Talk(person, company);
        }
        else if (choice < 82 && !felt)
        {
            Feel(person, own);
        }
        else
        {
            Walk(person, own);
        }
    }

    private void Feel(Person person, Thing? own)
    {
        _felt = true;
        string feeling = _random.Pick([.. StoryWords.Feelings.Where(feeling => feeling != person.Feeling)]);
        person.Feeling = feeling;
        string why = own is not null && _random.Chance(60) ? $" because of the {own.Name}" : _random.Chance(40) ? $" and thought of the {_random.Pick(_places)}" : "";
        Say($"{Subject(person)} was {feeling}{why}.");
    }

    private void Walk(Person person, Thing? own) => Walk(person, own, _random.Pick([.. _places.Where(place => place != person.Place)]));

    private void Walk(Person person, Thing? own, string to)
    {
        string from = person.Place;
        person.Place = to;
        string carrying = own is null ? "" : $" with the {own.Name}";
        string way = _random.Pick(["walked", "ran", "went", "hurried"]);
        Say($"{Subject(person)} {way} from the {from} to the {to}{carrying}.");
        foreach (Person other in _people.Where(other => other != person && other.Place == to))
        {
            Say($"There {person.Name} met {other.Name} the {other.Trade}.");
            _last = null;
        }
    }

    private void Talk(Person person, Person company)
    {
        Thing thing = _random.Pick(_things);
        _last = null;
        switch (_random.Next(5))
        {
            case 0 when thing.Owner == company:
                Say($"\"Do you have the {thing.Name}?\" asked {person.Name}. \"Yes, I have it here,\" said {company.Name}.");
                break;
            case 0 or 1 when thing.Owner == person:
                Say($"\"Look, I have the {thing.Name},\" said {person.Name}. \"It is {_random.Pick(StoryWords.Qualities)},\" said {company.Name}.");
                break;
            case 1 or 2 when thing.Owner is null:
                Say($"\"Where is the {thing.Name}?\" asked {person.Name}. \"{(thing.Hidden && thing.HiddenBy != company ? "I do not know" : $"It is at the {thing.Place}")},\" said {company.Name}.");
                break;
            case 3:
                string to = _random.Pick([.. _places.Where(place => place != company.Place)]);
                Say($"\"Where will you go, {company.Name}?\" asked {person.Name}. \"I will go to the {to},\" said {company.Name}.");
                if (_random.Chance(60))
                {
                    Walk(company, _things.Find(own => own.Owner == company), to);
                }

                break;
            default:
                company.Feeling ??= _random.Pick(StoryWords.Feelings);
                Say($"\"How are you, {company.Name}?\" asked {person.Name}. \"I am {company.Feeling},\" said the {company.Trade}.");
                break;
        }
    }

    private void Ask(Person person, Thing thing)
    {
        string where = thing.Owner is { } owner ? $"{owner.Name} had it at the {owner.Place}"
            : thing.HiddenBy is { } hider ? $"it was in the {thing.Place}, where {hider.Name} had hidden it"
            : $"it was still at the {thing.Place}";
        Say($"In the end {person.Name} asked where the {thing.Name} was. The answer was easy: {where}.");
    }

    private string Subject(Person person)
    {
        // A pronoun only for whoever the sentence before was about.
        bool again = _last == person && _random.Chance(60);
        _last = person;
        return again ? char.ToUpperInvariant(person.Pronoun[0]) + person.Pronoun[1..] : person.Name;
    }

    private void Say(string sentence)
    {
        if (_text.Length > 0)
        {
            _text.Append(_random.Chance(12) ? '\n' : ' ');
        }

        _text.Append(sentence);
    }

    private sealed class Person(string name, string pronoun, string trade, string place)
    {
        public string Name { get; } = name;

        public string Pronoun { get; } = pronoun;

        public string Trade { get; } = trade;

        public string Place { get; set; } = place;

        public string? Feeling { get; set; }
    }

    private sealed class Thing(string name, string place)
    {
        public string Name { get; } = name;

        public string Place { get; set; } = place;

        public Person? Owner { get; set; }

        public bool Hidden { get; set; }

        public Person? HiddenBy { get; set; }
    }
}
