using Metering.MainJob;

namespace Metering.MainJobTests;

public class CheckTests
{
    private static readonly Account Source = new("trace", new Dictionary<string, long> { ["a"] = 1_000, ["b"] = 2, ["c"] = 0 });

    [Test]
    public void Books_that_agree_have_no_differences() =>
        Assert.That(Checks.Differences(Source, [Of(("b", 2), ("a", 1_000)), Source]), Is.Empty);

    [Test]
    public void Every_difference_is_named_even_where_totals_agree() =>
        Assert.That(Checks.Differences(Source, [Of(("a", 1_001), ("b", 1))]),
            Is.EqualTo(new[] { "a: Stripe 1,001, trace 1,000", "b: Stripe 1, trace 2" }));

    [Test]
    public void A_user_missing_or_too_many_is_a_difference() =>
        Assert.That(Checks.Differences(Source, [Of(("a", 1_000), ("x", 5))]),
            Is.EqualTo(new[] { "b: Stripe 0, trace 2", "x: Stripe 5, trace 0" }));

    private static Account Of(params (string User, long Tokens)[] users) =>
        new("Stripe", users.ToDictionary(user => user.User, user => user.Tokens));
}
