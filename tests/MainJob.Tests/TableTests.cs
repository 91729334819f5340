using Metering.MainJob;
using Metering.V1;

namespace Metering.MainJobTests;

public class TableTests
{
    [Test]
    public void A_user_within_quota_has_some_left_and_one_beyond_has_overage()
    {
        var (within, beyond) = (Line(1, used: 100, overage: 0, unused: 7), Line(2, used: 150_000, overage: 20_000, unused: 5));
        Assert.That((within.Left, beyond.Left), Is.EqualTo((129_900L, 0L)));
        var rows = UserLine.Rows([within, beyond]).Select(row => string.Join(' ', row)).ToList();
        Assert.That(rows, Is.EqualTo(new[]
        {
            "user-002 1 130,000 150,000 5 20,000 0 $0.20",
            "user-001 1 130,000 100 7 0 129,900 $0.00",
            "all 2 users 2 260,000 150,100 12 20,000 129,900 $0.20",
        }));
    }

    [Test]
    public void Ten_users_and_the_sum_are_shown()
    {
        var rows = UserLine.Rows([.. Enumerable.Range(0, 200).Select(n => Line(n, used: n, overage: 0, unused: 0))]).ToList();
        Assert.That(rows, Has.Count.EqualTo(11));
        Assert.That((rows[0][0], rows[9][0], rows[10][3]), Is.EqualTo(("user-199", "user-190", "19,900")));
    }

    [Test]
    public void Every_row_has_a_cell_for_every_head() =>
        Assert.That(UserLine.Rows([Line(1, 1, 0, 0)]), Has.All.Count.EqualTo(UserLine.Heads.Count));

    [Test]
    public void A_table_that_nobody_sees_move_is_plain_text()
    {
        using var output = new StringWriter();
        new Story(output, isTerminal: false, TimeProvider.System).Table(["user", "used"], [["user-001", "26,450,535"]]);
        Assert.That(output.ToString(), Does.Contain("user-001").And.Contain("26,450,535").And.Not.Contain("\u001b"));
    }

    private static UserLine Line(int number, long used, long overage, long unused)
    {
        var user = new User($"user-{number:000}", [new TraceRow(default, used, 0)], "cus_1") { Unused = unused };
        var usage = new Usage { Groups = { new GroupUsage { Group = Plans.Group, Quota = Plans.Quota, Used = used, Overage = overage } } };
        var period = new PeriodDocument { Groups = { new GroupTotal { Group = Plans.Group, Charge = overage * 10_000 } } };
        var periods = new Dictionary<string, IReadOnlyList<PeriodDocument>> { [user.Id] = [period] };
        return UserLine.Of(user, new Dictionary<string, Usage> { [user.Id] = usage }, periods);
    }
}
