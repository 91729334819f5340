using System.Text;
using Npgsql;

namespace Marten.Internal;

/// <summary>SQL with question marks for parameters.</summary>
internal static class Sql
{
    /// <exception cref="InvalidOperationException">There are not as many parameters as question marks.</exception>
    public static NpgsqlBatchCommand Command(string sql, object[] parameters)
    {
        var (text, count) = (new StringBuilder(), 0);
        foreach (var character in sql)
            if (character == '?') text.Append('$').Append(++count);
            else text.Append(character);
        if (count != parameters.Length)
            throw new InvalidOperationException("Wrong number of supplied parameters");
        var command = new NpgsqlBatchCommand(text.ToString());
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return command;
    }

    /// <summary>The whole of a query: what the caller left out is put before it.</summary>
    public static string Query(TableOf table, string sql)
    {
        if (sql.StartsWith("where", StringComparison.OrdinalIgnoreCase) || sql.StartsWith("order", StringComparison.OrdinalIgnoreCase))
            return $"{table.Select} {sql}";
        return sql.Contains(" where ", StringComparison.OrdinalIgnoreCase) ? table.Select + sql : $"{table.Select} where {sql}";
    }
}
