using Npgsql;

namespace Metering.Kernel.Tests.ReadModels;

/// <summary>The database that POSTGRES names.</summary>
internal static class PostgresServer
{
    /// <summary>How to connect to it. Without it a test is skipped, and fails in CI.</summary>
    public static NpgsqlConnectionStringBuilder Required()
    {
        if (Environment.GetEnvironmentVariable("POSTGRES") is { Length: > 0 } text)
            return new NpgsqlConnectionStringBuilder(text);
        const string missing = "POSTGRES names no database; `make test` starts one";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(missing);
        Assert.Ignore(missing);
        throw new InvalidOperationException(missing);
    }

    /// <summary>Runs a statement; true or the first value.</summary>
    public static async Task<object?> Run(string sql)
    {
        await using var database = NpgsqlDataSource.Create(Required());
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Deletes all that is there of a read model.</summary>
    public static Task Drop(string readModel) => Run($"""
        do $$ declare s text; begin
            for s in select nspname from pg_namespace where nspname ~ '^{readModel}(_[0-9]+)?$' loop
                execute format('drop schema %I cascade', s);
            end loop;
        end $$
        """);

    /// <summary>How to connect to it, without anything of some read models.</summary>
    public static async Task<string> Empty(params string[] readModels)
    {
        foreach (var name in readModels) await Drop(name);
        return Required().ConnectionString;
    }

    /// <summary>Ends the server's connections of an application, as a failing network or a restart would.</summary>
    public static Task Cut(string application) =>
        Run($"select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{application}'");
}
