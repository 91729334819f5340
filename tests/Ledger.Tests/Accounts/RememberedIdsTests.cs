using Metering.Ledger.Accounts;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Ledger.Tests.Accounts;

public sealed class RememberedIdsTests
{
    /// <summary>The rule itself, slowly: of the ids added, those whose time is young enough, and the newest 65,536.</summary>
    private sealed class Model
    {
        public readonly SortedDictionary<Guid, Remembered> All = [];
        public long ForgottenUpto = long.MinValue;

        public void Add(Guid id, ContentHash content, long revision, DateTimeOffset at)
        {
            All.TryAdd(id, new Remembered(content, revision));
            var horizon = (at - RememberedIds.Horizon).ToUnixTimeMilliseconds();
            while (All.Count > 0 && (RememberedIds.TimeOf(All.First().Key) < horizon || All.Count > RememberedIds.Most))
            {
                ForgottenUpto = Math.Max(ForgottenUpto, RememberedIds.TimeOf(All.First().Key));
                All.Remove(All.First().Key);
            }
        }
    }

    [Test]
    public void Ids_in_any_order_are_remembered_and_forgotten_as_the_rule_says(
        [Values(0, 3, 700)] int outOfOrderSeconds, [Values(1, 20, 5_000)] int milliseconds)
    {
        var (random, ids, model, at) = (new Random(7), new RememberedIds(), new Model(), May);
        for (var revision = 0; revision < 3_000; revision++)
        {
            at = at.AddMilliseconds(random.Next(2 * milliseconds + 1)).AddMinutes(random.Next(900) == 0 ? 9 : 0);
            var id = random.Next(5) == 0 && model.All.Count > 0
                ? model.All.Keys.ElementAt(random.Next(model.All.Count))
                : Guid.CreateVersion7(at.AddSeconds(-random.Next(outOfOrderSeconds + 1)));
            var content = new ContentHash((ulong)revision, 1);
            ids.Add(id, content, revision, at);
            model.Add(id, content, revision, at);
            Assert.That((ids.Count, ids.ForgottenUpto, ids.TryGet(id, out var known), known),
                Is.EqualTo((model.All.Count, model.ForgottenUpto, model.All.TryGetValue(id, out var expected), expected)));
            if (revision % 100 == 0) Assert.That(ids.All, Is.EqualTo(model.All.Select(pair => (pair.Key, pair.Value))));
        }
        foreach (var (id, remembered) in model.All) Assert.That(ids.TryGet(id, out var known) && known == remembered);
        Assert.That(ids.TryGet(Guid.CreateVersion7(May.AddYears(-1)), out _), Is.False);
    }

    [Test]
    public void No_more_than_the_most_are_remembered_the_oldest_forgotten_first()
    {
        var ids = new RememberedIds();
        var all = Enumerable.Range(0, RememberedIds.Most + 10).Select(n => Guid.CreateVersion7(May.AddMilliseconds(n))).ToArray();
        foreach (var id in all) ids.Add(id, default, 0, May);
        Assert.That(ids.All.Select(one => one.Id), Is.EqualTo(all[10..]));
        Assert.That(ids.IsTooOld(all[9], May), Is.True);
        Assert.That(ids.IsTooOld(Guid.CreateVersion7(May.AddMilliseconds(10)), May), Is.False);
    }

    /// <summary>Design.md, section 12. Also of those that are left after many were forgotten.</summary>
    [TestCase(1_000, 1_000)]
    [TestCase(RememberedIds.Most, 20)]
    public void An_id_takes_at_most_a_hundred_bytes(int count, int users)
    {
        var many = Enumerable.Range(0, users).Select(_ => new RememberedIds()).ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var n = 0; n < count; n++)
            foreach (var ids in many) ids.Add(Guid.CreateVersion7(May.AddMilliseconds(n)), default, n, May);
        Assert.That(BytesEach(), Is.InRange(30, 100));
        var later = May + RememberedIds.Horizon;
        foreach (var ids in many) ids.Add(Guid.CreateVersion7(later), default, count, later.AddMilliseconds(count * 0.9));
        Assert.That(many[0].Count, Is.EqualTo(count / 10 + 1).Within(1));
        Assert.That(BytesEach(), Is.InRange(30, 101));

        double BytesEach() => (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)many.Length / many[0].Count;
    }
}
